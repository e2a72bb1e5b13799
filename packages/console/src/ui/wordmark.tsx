/** The name, with its sign. */
export function Wordmark() {
  return (
    <span className="wordmark">
      <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
        <rect width="32" height="32" rx="7" />
        <path d="M8 17.5l5 5L24 10" />
        <path className="line" d="M8 26h16" />
      </svg>
      Countersign
    </span>
  );
}
