/**
 * A name as it goes into topics and ids, `[a-z0-9_-]*`: accents are cut, and a hyphen stands for whatever else is not
 * allowed. It has at most `maxLength` characters, and none when nothing is left of the name.
 */
export function slugOf(name: string, maxLength: number): string {
  return name
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
    .slice(0, maxLength)
    .replace(/^-+|-+$/g, '');
}
