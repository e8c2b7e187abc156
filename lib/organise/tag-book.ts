import { gather } from '../gather.js';
import { gatherByKey } from '../gather-by-key.js';
import type { ImmichClient } from '../immich/immich-client.js';

export interface TagBookOptions {
  readonly client: Pick<ImmichClient, 'upsertTags' | 'tagAssets'>;
  readonly waitMs?: number;
}

const MOST_AT_ONCE = 1_000;

/** Knows the tags of a user by their values, as in `trip/2026`: each is found or made once. */
export function createTagBook({ client, waitMs = 50 }: TagBookOptions) {
  const ids = new Map<string, Promise<string>>();
  const upsert = gather<string, string>((values) => client.upsertTags(values), { maxItems: MOST_AT_ONCE });

  function idOf(value: string): Promise<string> {
    const known = ids.get(value);
    if (known !== undefined) return known;
    const asked = upsert(value);
    ids.set(value, asked);
    asked.catch(() => ids.delete(value));
    return asked;
  }

  const putGathered = gatherByKey<string>(
    async (key, assetIds) => {
      const values = key.split('\n');
      const tagIds = await Promise.all(values.map(idOf));
      const count = await client.tagAssets(tagIds, assetIds);
      if (count === tagIds.length * assetIds.length) return;
      // Some had their tags already, or a tag is gone, which Immich passes over: it is made anew.
      for (const value of values) ids.delete(value);
      const now = await Promise.all(values.map(idOf));
      if (now.some((id, index) => id !== tagIds[index])) await client.tagAssets(now, assetIds);
    },
    { waitMs, maxItems: MOST_AT_ONCE },
  );

  return {
    /** Gives an asset its tags; those with the same tags go out together. */
    put: (values: readonly string[], assetId: string) =>
      putGathered([...new Set(values)].sort().join('\n'), assetId),
  };
}

/** A tag as Immich writes it: no empty names between its slashes; undefined when nothing is left. */
export function tagValue(text: string): string | undefined {
  const names = text.split('/').map((name) => name.trim());
  return names.filter((name) => name !== '').join('/') || undefined;
}
