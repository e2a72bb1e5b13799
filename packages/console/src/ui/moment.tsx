/** Moments and countdowns: UTC, the reader's own time, and how far away. */
import { useEffect, useState } from "react";
import { serverNowMs } from "../ask.ts";
import { announcementAt, formatDistance, formatLocal, formatSpan, formatUtc } from "../span.ts";

/** Now, as the server has it, once a second. */
export function useNow(): number {
  const [now, setNow] = useState(serverNowMs);
  useEffect(() => {
    const timer = setInterval(() => setNow(serverNowMs()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** A moment in UTC, with local time and distance beside it. */
export function Moment({
  at,
  brief = false,
}: {
  at: string /** Only the distance; the rest on demand. */;
  brief?: boolean;
}) {
  const now = useNow();
  const distance = formatDistance(Date.parse(at) - now);
  const exact = `${formatUtc(at)} UTC · ${formatLocal(at)}`;
  if (brief) {
    return (
      <time dateTime={at} title={exact}>
        {distance}
      </time>
    );
  }
  return (
    <time dateTime={at}>
      {formatUtc(at)} <abbr title="Coordinated Universal Time">UTC</abbr>
      <span className="aside">
        {" "}
        {formatLocal(at)} · {distance}
      </span>
    </time>
  );
}

/** What is left until a moment; said aloud only when it matters. */
export function Countdown({ until }: { until: string }) {
  const left = Date.parse(until) - useNow();
  const tone = left <= 0 ? "over" : left < 60_000 ? "soon" : "";
  return (
    <div className={`countdown ${tone}`}>
      <span role="timer" aria-live="off">
        {left <= 0 ? "Expired" : formatSpan(left)}
      </span>
      <span className="aside">{left <= 0 ? "" : "left to decide"}</span>
      <span className="unseen" role="status">
        {announcementAt(left)}
      </span>
    </div>
  );
}
