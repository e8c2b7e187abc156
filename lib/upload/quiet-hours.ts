import { say } from '../say.js';
import { SettingError, settingList } from '../settings.js';

/** Hours of some weekdays, in minutes since midnight; an end that is not after the start is on the next day. */
export interface QuietSpan {
  /** 0 is Sunday, as in `Date`. */
  readonly weekdays: ReadonlySet<number>;
  readonly startMinute: number;
  readonly endMinute: number;
}

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const DAY_MINUTES = 1_440;
const WEEK_MINUTES = 7 * DAY_MINUTES;

/** No chain of spans that follow each other is longer than a week. */
const MOST_LINKS = 100;

/**
 * Quiet hours from a setting: `22:00-06:00`, several with commas between them, each for the weekdays on which it begins
 * if some stand before it: `Mon-Fri 08:00-17:30, Sat Sun 00:00-09:00`. Times are those of the clock on the wall.
 * @throws SettingError for anything else, and for hours that leave none
 */
export function parseQuietHours(field: string, value: unknown): readonly QuietSpan[] {
  const spans = settingList(value).map((entry) => {
    const span = parseSpan(entry);
    if (span !== undefined) return span;
    throw new SettingError(
      say`${field}: "${entry}" does not work here. Type hours as 22:00-06:00, with days before them if you like, as in Mon-Fri 08:00-17:30.`,
    );
  });
  if (isWholeWeek(spans)) {
    throw new SettingError(
      say`${field}: these leave no hour in which anything could be sent. Leave some free.`,
    );
  }
  return spans;
}

/** When the quiet hours end that a moment lies in; undefined when it lies in none. */
export function quietUntil(spans: readonly QuietSpan[], at: Date): Date | undefined {
  let until: Date | undefined;
  for (let link = 0; link < MOST_LINKS; link += 1) {
    const end = endAfter(spans, until ?? at);
    if (end === undefined) return until;
    until = end;
  }
  return until;
}

/** The latest end of the spans that a moment lies in. */
function endAfter(spans: readonly QuietSpan[], at: Date): Date | undefined {
  let latest: Date | undefined;
  for (const daysAgo of [1, 0]) {
    const day = new Date(at.getFullYear(), at.getMonth(), at.getDate() - daysAgo);
    for (const { weekdays, startMinute, endMinute } of spans) {
      if (!weekdays.has(day.getDay())) continue;
      const start = onClock(day, 0, startMinute);
      const end = onClock(day, endMinute > startMinute ? 0 : 1, endMinute);
      if (start <= at && at < end && (latest === undefined || end > latest)) latest = end;
    }
  }
  return latest;
}

/** The moment at which the clock on the wall shows a time, also on days of 23 or 25 hours. */
function onClock(day: Date, daysLater: number, minute: number): Date {
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + daysLater, 0, minute);
}

function parseSpan(entry: string): QuietSpan | undefined {
  const found = /^(?<days>[a-z\s-]*?)\s*(?<start>\d{1,2}:\d\d)\s*[-–]\s*(?<end>\d{1,2}:\d\d)$/i.exec(entry);
  const weekdays = parseDays(found?.groups?.days ?? '');
  const startMinute = parseTime(found?.groups?.start ?? '');
  const endMinute = parseTime(found?.groups?.end ?? '');
  const isUsable = weekdays !== undefined && startMinute !== undefined && endMinute !== undefined;
  if (!isUsable || startMinute === DAY_MINUTES || startMinute === endMinute) return undefined;
  return { weekdays, startMinute, endMinute };
}

function parseTime(text: string): number | undefined {
  const [hours = Number.NaN, minutes = Number.NaN] = text.split(':').map(Number);
  const minute = hours * 60 + minutes;
  return minutes < 60 && minute <= DAY_MINUTES ? minute : undefined;
}

/** All days for no text; undefined for what names no day. */
function parseDays(text: string): Set<number> | undefined {
  const words = text
    .replace(/\s*-\s*/g, '-')
    .split(/\s+/)
    .filter(Boolean);
  if (words.length === 0) return new Set(DAYS.keys());
  const days = new Set<number>();
  for (const word of words) {
    const [first, last, ...rest] = word.split('-').map(dayOf);
    if (first === undefined || rest.length > 0 || (word.includes('-') && last === undefined))
      return undefined;
    for (let day = first; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === (last ?? first)) break;
    }
  }
  return days;
}

function dayOf(word: string): number | undefined {
  const lower = word.toLowerCase();
  const day = DAYS.findIndex(
    (name) => lower.startsWith(name) && /^[a-z]{3}(n|day|sday|nesday|rsday|urday|s|rs)?$/.test(lower),
  );
  return day < 0 ? undefined : day;
}

function isWholeWeek(spans: readonly QuietSpan[]): boolean {
  const isQuiet = new Uint8Array(WEEK_MINUTES);
  for (const { weekdays, startMinute, endMinute } of spans) {
    const length = endMinute > startMinute ? endMinute - startMinute : endMinute - startMinute + DAY_MINUTES;
    for (const day of weekdays) {
      for (let minute = 0; minute < length; minute += 1) {
        isQuiet[(day * DAY_MINUTES + startMinute + minute) % WEEK_MINUTES] = 1;
      }
    }
  }
  return isQuiet.every((quiet) => quiet === 1);
}
