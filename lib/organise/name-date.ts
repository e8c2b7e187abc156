import { basename } from 'node:path';
import { isPossible, momentOf, type WallTime, wallTime } from './time-zone.js';

/** What a date in a name is read with. */
export interface NameDateOptions {
  /** Of the clock that wrote the name. */
  readonly timeZone: string;
  /** When the file was last written: its time of day counts where the name has the day alone. */
  readonly mtimeMs: number;
  readonly now?: number;
}

const DAY = /(?<!\d)(\d{4})([-_.]?)(\d\d)\2(\d\d)/g;
const TIME = /^(?:[-_. T]| at |, )?(\d\d?)([-_.:h]?)(\d\d)\2(\d\d)(?:[-_.]?\d{1,3})?(?!\d)(?:\s?([AP])M)?/i;
const DAY_MS = 86_400_000;

/**
 * When a photo was taken by its name, as cameras, phones and messengers write it: `IMG_20230102_030405`,
 * `2023-01-02 03.04.05`, `IMG-20230102-WA0001`. Undefined without a date that can be.
 * @returns milliseconds since 1970
 */
export function nameDate(path: string, options: NameDateOptions): number | undefined {
  const name = basename(path);
  for (const match of name.matchAll(DAY)) {
    const [text, year, separator, month, day] = match;
    const rest = name.slice(match.index + text.length);
    const date = { year: Number(year), month: Number(month), day: Number(day) };
    const taken = dated(
      date,
      rest,
      separator !== '',
      isUtc(name) ? { ...options, timeZone: 'UTC' } : options,
    );
    if (taken !== undefined) return taken;
  }
  return undefined;
}

/** Google's cameras name their photos by the time in Greenwich. */
function isUtc(name: string): boolean {
  return /^PXL_/.test(name);
}

function dated(
  date: Pick<WallTime, 'year' | 'month' | 'day'>,
  rest: string,
  isSpelledOut: boolean,
  options: NameDateOptions,
): number | undefined {
  const { timeZone, mtimeMs, now = Date.now() } = options;
  const time = TIME.exec(rest);
  const wall = time === null ? undefined : { ...date, ...timeOf(time) };
  // Without a time, eight digits may be any number, unless a messenger counts its photos of the day.
  const isDay = (isSpelledOut && !/^\d/.test(rest)) || /^-WA\d+/.test(rest);
  const isTimed = wall !== undefined && isPossible(wall);
  const noon = { ...date, hour: 12, minute: 0, second: 0 };
  if (!isTimed && !(isDay && isPossible(noon))) return undefined;
  const taken = momentOf(isTimed ? wall : noon, timeZone);
  // Nobody photographed digitally before, and no photo comes from the future, whatever its zone.
  if (date.year < 1970 || taken > now + DAY_MS) return undefined;
  return !isTimed && isSameDay(date, wallTime(mtimeMs, timeZone)) ? mtimeMs : taken;
}

function timeOf([, hour, , minute, second, half]: RegExpExecArray): Omit<WallTime, 'year' | 'month' | 'day'> {
  const isAfternoon = half?.toLowerCase() === 'p';
  const clock = half === undefined ? Number(hour) : (Number(hour) % 12) + (isAfternoon ? 12 : 0);
  return { hour: clock, minute: Number(minute), second: Number(second) };
}

function isSameDay(a: Pick<WallTime, 'year' | 'month' | 'day'>, b: WallTime): boolean {
  return a.year === b.year && a.month === b.month && a.day === b.day;
}
