import type { AssetChanges } from '../immich/library-calls.js';
import { attributesOf, parseXmlGently, type XmlElement } from '../xml-tree.js';

/** What a sidecar says that Immich can take over into an asset. */
export interface XmpFacts {
  readonly changes: Pick<
    AssetChanges,
    'dateTimeOriginal' | 'description' | 'rating' | 'latitude' | 'longitude'
  >;
  /** With all above them, as in `trip/2026`. */
  readonly tags: readonly string[];
}

/** Longer lists of tags are cut: a sidecar may be anything. */
const MOST_TAGS = 200;
const LONGEST_TAG = 200;
const LONGEST_DESCRIPTION = 10_000;

const RATING = ['xmp:Rating', 'xap:Rating'];
const LATITUDE = ['exif:GPSLatitude'];
const LONGITUDE = ['exif:GPSLongitude'];
const DATE = ['exif:DateTimeOriginal', 'photoshop:DateCreated', 'xmp:CreateDate', 'xap:CreateDate'];
const OFFSET = ['exifEX:OffsetTimeOriginal', 'exif:OffsetTimeOriginal'];
const DESCRIPTION = ['dc:description', 'tiff:ImageDescription'];

/** Lists of tags, and what divides a tag from the one above it. */
const TAG_LISTS: readonly (readonly [name: string, divider: string])[] = [
  ['digiKam:TagsList', '/'],
  ['lr:hierarchicalSubject', '|'],
  ['dc:subject', ''],
];

const WANTED: ReadonlySet<string> = new Set([
  ...[RATING, LATITUDE, LONGITUDE, DATE, OFFSET, DESCRIPTION].flat(),
  ...TAG_LISTS.map(([name]) => name),
]);

/** Masks and other settings of programs make most of a large sidecar, and say nothing of the photo. */
const isWanted = (name: string) => name.startsWith('rdf:') || WANTED.has(name);

/**
 * Reads an XMP sidecar, be its properties elements or attributes. Names are those that cameras and programs use:
 * https://exiftool.org/TagNames/XMP.html. Undefined when it is no whole XMP document.
 */
export async function readXmp(text: string): Promise<XmpFacts | undefined> {
  const root = await parseXmlGently(text.replace(/^\ufeff/, '').trim(), isWanted);
  const descriptions = root === undefined ? [] : allNamed(root, 'rdf:Description');
  if (descriptions.length === 0) return undefined;
  const property = (names: readonly string[]) => firstOf(names, (name) => textOf(descriptions, name));
  const rating = Math.round(Number(property(RATING)));
  const latitude = degreesOf(property(LATITUDE), 90);
  const longitude = degreesOf(property(LONGITUDE), 180);
  const date = dateOf(property(DATE), property(OFFSET));
  const description = property(DESCRIPTION)?.slice(0, LONGEST_DESCRIPTION);
  return {
    changes: {
      ...(date !== undefined && { dateTimeOriginal: date }),
      ...(description !== undefined && { description }),
      ...(rating >= 1 && rating <= 5 && { rating }),
      ...(latitude !== undefined && longitude !== undefined && { latitude, longitude }),
    },
    tags: tagsOf(descriptions),
  };
}

/** The fullest of the three lists in use: with what stands above a tag, or else without. */
function tagsOf(descriptions: readonly XmlElement[]): string[] {
  for (const [name, divider] of TAG_LISTS) {
    const items = descriptions.flatMap(({ children }) =>
      children.filter((child) => child.name === name).flatMap((child) => allNamed(child, 'rdf:li')),
    );
    const tags = items.map(({ text }) => partsOf(text, divider).join('/')).filter(isTag);
    if (tags.length > 0) return [...new Set(tags)].slice(0, MOST_TAGS);
  }
  return [];
}

/** A slash within a plain subject would make two tags of it. */
function partsOf(text: string, divider: string): string[] {
  if (divider === '') return [text.replaceAll('/', '-').trim()];
  const parts = text.split(divider).map((part) => part.trim());
  return (divider === '/' ? parts : parts.map((part) => part.replaceAll('/', '-'))).filter(
    (part) => part !== '',
  );
}

function isTag(tag: string): boolean {
  return tag !== '' && tag.length <= LONGEST_TAG;
}

function firstOf(names: readonly string[], read: (name: string) => string | undefined): string | undefined {
  for (const name of names) {
    const found = read(name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A property as an attribute, as an element, or as the first of its alternatives. */
function textOf(descriptions: readonly XmlElement[], name: string): string | undefined {
  for (const description of descriptions) {
    const child = description.children.find((one) => one.name === name);
    const [item] = child === undefined ? [] : allNamed(child, 'rdf:li');
    const text = (item ?? child)?.text ?? attributesOf(description).get(name) ?? '';
    if (text.trim() !== '') return text.trim();
  }
  return undefined;
}

function allNamed(element: XmlElement, name: string): XmlElement[] {
  return element.name === name ? [element] : element.children.flatMap((child) => allNamed(child, name));
}

/** `48,12.5N`, `48,12,30N` or a plain number, as degrees. */
function degreesOf(text: string | undefined, most: number): number | undefined {
  const match = /^(-?[\d.]+)(?:,([\d.]+))?(?:,([\d.]+))?\s*([NSEW])?$/i.exec(text ?? '');
  if (match === null) return undefined;
  const [, degrees, minutes = '0', seconds = '0', side = ''] = match;
  const size = Number(degrees) + Number(minutes) / 60 + Number(seconds) / 3_600;
  const value = /[SW]/i.test(side) ? -size : size;
  return Number.isFinite(value) && Math.abs(value) <= most ? value : undefined;
}

/** ISO 8601 with a zone; a time without one is taken as it stands there, as Immich does with photos that name none. */
function dateOf(text: string | undefined, offset: string | undefined): string | undefined {
  const match = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(:\d\d(?:\.\d+)?)?)?(Z|[+-]\d\d:?\d\d)?$/.exec(text ?? '');
  if (match === null) return undefined;
  const [, day, time = '00:00', seconds = ':00', zone] = match;
  const known = zone ?? (/^[+-]\d\d:\d\d$/.test(offset ?? '') ? offset : 'Z');
  const date = new Date(`${day}T${time}${seconds}${known}`);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
