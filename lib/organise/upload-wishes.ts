import { isObject } from '../immich/immich-answer.js';
import { say } from '../say.js';
import { VISIBILITIES } from './organise-settings.js';
import { isPossible, isTimeZone, momentOf } from './time-zone.js';

/** What a flow wants for one file, in place of the settings. Names are taken as they are. */
export interface UploadWishes {
  readonly albums?: readonly string[];
  readonly tags?: readonly string[];
  readonly isFavorite?: boolean;
  readonly visibility?: (typeof VISIBILITIES)[number];
  /** Milliseconds since 1970. */
  readonly takenAtMs?: number;
  readonly description?: string;
  readonly rating?: number;
  readonly latitude?: number;
  readonly longitude?: number;
}

/** A wish that cannot be read. The sentence names it and says what to give instead. */
export class WishError extends TypeError {
  readonly code = 'wrong-wish';
  override toString(): string {
    return this.message;
  }
}

const names = () =>
  say`albums, tags, favorite, visibility, takenAt, timeZone, description, rating, latitude and longitude`;

/**
 * Reads `msg.upload`: undefined when there is none. A local time is one of its `timeZone`, else of the given one.
 * @throws WishError for all that cannot be fulfilled
 */
export function readWishes(value: unknown, ownTimeZone: string): UploadWishes | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) throw wrong('', value, say`an object with ${names()}`);
  const { albums, tags, favorite, visibility, takenAt, timeZone, description, ...others } = value;
  const { rating, latitude, longitude, ...unknown } = others;
  const [stranger] = Object.keys(unknown);
  if (stranger !== undefined) {
    throw new WishError(
      say`msg.upload.${stranger} is not known. There are ${names()}. The file stays where it is.`,
    );
  }
  const zone = read(
    'timeZone',
    timeZone,
    asTimeZone,
    () => say`the name of a time zone, as in "Europe/Berlin"`,
  );
  if ((latitude === undefined) !== (longitude === undefined)) {
    throw new WishError(
      say`msg.upload needs latitude and longitude, or neither of them. The file stays where it is.`,
    );
  }
  const wishes = {
    albums: read('albums', albums, asNames, () => say`a name or a list of names`),
    tags: read('tags', tags, asNames, () => say`a name or a list of names`),
    isFavorite: read('favorite', favorite, asBoolean, () => say`true or false`),
    visibility: read('visibility', visibility, asVisibility, () => say`"timeline", "archive" or "locked"`),
    takenAtMs: read(
      'takenAt',
      takenAt,
      (given) => asMoment(given, zone ?? ownTimeZone),
      () => say`a date, or text as in "2023-01-02 03:04:05" or "2023-01-02T03:04:05Z"`,
    ),
    description: read('description', description, asText, () => say`text`),
    rating: read(
      'rating',
      rating,
      (given) => asNumber(given, 1, 5, true),
      () => say`a whole number from 1 to 5`,
    ),
    latitude: read(
      'latitude',
      latitude,
      (given) => asNumber(given, -90, 90),
      () => say`degrees from -90 to 90`,
    ),
    longitude: read(
      'longitude',
      longitude,
      (given) => asNumber(given, -180, 180),
      () => say`degrees from -180 to 180`,
    ),
  };
  if (
    wishes.visibility === 'locked' &&
    [wishes.description, rating, latitude].some((one) => one !== undefined)
  ) {
    throw new WishError(
      say`msg.upload: Immich lets nobody describe, rate or place a locked photo from outside. Leave out description, rating, latitude and longitude, or visibility. The file stays where it is.`,
    );
  }
  return Object.fromEntries(Object.entries(wishes).filter(([, wish]) => wish !== undefined));
}

function read<Wish>(
  name: string,
  given: unknown,
  as: (given: unknown) => Wish | undefined,
  expected: () => string,
): Wish | undefined {
  if (given === undefined || given === null) return undefined;
  const wish = as(given);
  if (wish === undefined) throw wrong(`.${name}`, given, expected());
  return wish;
}

function wrong(name: string, given: unknown, expected: string): WishError {
  const shown = typeof given === 'string' ? `"${given.slice(0, 80)}"` : say`a value of type ${typeof given}`;
  return new WishError(
    say`msg.upload${name}: ${shown} does not work here. Give ${expected}. The file stays where it is.`,
  );
}

function asNames(given: unknown): string[] | undefined {
  const names = Array.isArray(given) ? given : [given];
  const texts = names.map((name) => (typeof name === 'string' ? name.replace(/\p{Cc}+/gu, ' ').trim() : ''));
  return texts.every((text) => text !== '') ? texts : undefined;
}

function asBoolean(given: unknown): boolean | undefined {
  return typeof given === 'boolean' ? given : undefined;
}

function asVisibility(given: unknown): UploadWishes['visibility'] {
  return VISIBILITIES.find((known) => known === given);
}

function asText(given: unknown): string | undefined {
  return typeof given === 'string' ? given : undefined;
}

function asNumber(given: unknown, min: number, max: number, isWhole = false): number | undefined {
  const isFit = typeof given === 'number' && given >= min && given <= max;
  return isFit && (!isWhole || Number.isInteger(given)) ? given : undefined;
}

function asTimeZone(given: unknown): string | undefined {
  return typeof given === 'string' && isTimeZone(given) ? given : undefined;
}

/** A Date comes out of a Function node's own world: it is known by what it does. */
function asMoment(given: unknown, timeZone: string): number | undefined {
  const isDate = Object.prototype.toString.call(given) === '[object Date]';
  if (isDate || typeof given === 'number') return usable(Number(given));
  if (typeof given !== 'string') return undefined;
  const local = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?)?$/.exec(given.trim());
  if (local === null) return /(Z|[+-]\d\d:?\d\d)$/i.test(given) ? usable(Date.parse(given)) : undefined;
  const [year = 0, month = 0, day = 0, hour = 12, minute = 0, second = 0] = local
    .slice(1)
    .map((part) => (part === undefined ? undefined : Number(part)));
  const wall = { year, month, day, hour, minute, second };
  return isPossible(wall) ? usable(momentOf(wall, timeZone)) : undefined;
}

/** Immich takes years of four digits. */
function usable(ms: number): number | undefined {
  return ms >= Date.parse('0001-01-01T00:00:00Z') && ms <= Date.parse('9999-12-31T23:59:59Z')
    ? ms
    : undefined;
}
