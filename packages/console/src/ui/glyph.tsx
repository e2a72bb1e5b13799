/** Signs that go with words, never in their place: colour and shape are not the only way to tell. */
const paths = {
  good: "M4 10.5l4 4L16 6",
  bad: "M5 5l10 10M15 5L5 15",
  warn: "M10 4v7.5M10 15.2v.3",
  info: "M10 9v6.5M10 5v.3",
  wait: "M10 5v5l3.4 2.2M10 17.5a7.5 7.5 0 1 1 0-15 7.5 7.5 0 0 1 0 15z",
  key: "M12.5 8.5a3.5 3.5 0 1 1-7 0 3.5 3.5 0 0 1 7 0zM9 12v6M9 15.5h2.6",
  back: "M12 4L6 10l6 6",
  more: "M7 4l6 6-6 6",
} as const;

export type GlyphName = keyof typeof paths;

export function Glyph({ name }: { name: GlyphName }) {
  return (
    <svg className="glyph" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}
