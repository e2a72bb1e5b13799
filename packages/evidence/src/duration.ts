/** ISO 8601 durations as policies and rules write them: days, hours, minutes and seconds, no months or years. */

const FORM = /^P(?=[0-9T])(?:([0-9]{1,4})D)?(?:T(?=[0-9])(?:([0-9]{1,4})H)?(?:([0-9]{1,4})M)?(?:([0-9]{1,5})S)?)?$/;

/** Milliseconds of a duration like `PT30M` or `P1DT12H`; undefined when it is not one. */
export function parseDuration(text: string): number | undefined {
  const parts = FORM.exec(text);
  if (parts === null) return undefined;
  const [days, hours, minutes, seconds] = parts.slice(1).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
  ]; // four groups
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
}
