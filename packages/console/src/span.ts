/** Times as people read them. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long something lasts, in its two largest units: `2 h 05 min`, `45 s`. Negative spans are 0 s. */
export function formatSpan(ms: number): string {
  const left = Math.max(0, ms);
  const [days, hours, minutes, seconds] = [
    Math.floor(left / DAY),
    Math.floor((left % DAY) / HOUR),
    Math.floor((left % HOUR) / MINUTE),
    Math.floor((left % MINUTE) / 1000),
  ];
  const two = (value: number) => String(value).padStart(2, "0");
  if (days > 0) return `${days} d ${two(hours)} h`;
  if (hours > 0) return `${hours} h ${two(minutes)} min`;
  if (minutes > 0) return `${minutes} min ${two(seconds)} s`;
  return `${seconds} s`;
}

/** A length of time, without a second unit that is zero: `30 min`, `1 min 30 s`. */
export function formatLength(ms: number): string {
  return formatSpan(ms).replace(/ 00 (?:s|min|h)$/, "");
}

/** How long ago, or until, in the largest unit: `3 min ago`, `in 2 h`. For lists, where seconds would only flicker. */
export function formatDistance(ms: number): string {
  const span = formatSpan(Math.abs(ms)).split(" ").slice(0, 2).join(" ");
  return ms <= 0 ? `${span} ago` : `in ${span}`;
}

/** `2026-04-01 14:07:53` of a UTC timestamp. */
export function formatUtc(timestamp: string): string {
  return timestamp.slice(0, 19).replace("T", " ");
}

/** The same moment where the reader is, with the zone's name. */
export function formatLocal(timestamp: string): string {
  const format = new Intl.DateTimeFormat(undefined, {
    dateStyle: "medium",
    timeStyle: "medium",
    // A zone says which clock it is; without one the time could be anybody's.
  });
  const zone = Intl.DateTimeFormat(undefined, { timeZoneName: "short" })
    .formatToParts(new Date(timestamp))
    .find((part) => part.type === "timeZoneName")?.value;
  return `${format.format(new Date(timestamp))}${zone === undefined ? "" : ` ${zone}`}`;
}

/** When a countdown is worth saying aloud: what it says at that moment, or undefined. */
export function announcementAt(leftMs: number): string | undefined {
  if (leftMs <= 0) return "The request has expired.";
  for (const minutes of [5, 1]) {
    if (leftMs <= minutes * MINUTE && leftMs > minutes * MINUTE - 5000) {
      return `${minutes} minute${minutes === 1 ? "" : "s"} left.`;
    }
  }
  return undefined;
}
