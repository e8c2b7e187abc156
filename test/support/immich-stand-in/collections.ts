import { randomUUID } from 'node:crypto';

/** An album of the stand-in; names are not unique. */
export interface StoredAlbum {
  readonly id: string;
  readonly name: string;
  readonly assetIds: readonly string[];
}

export interface StoredTag {
  readonly id: string;
  /** With all above it, as in `trip/2026`. */
  readonly value: string;
  readonly assetIds: readonly string[];
}

export interface StoredStack {
  readonly id: string;
  /** The first one is on top. */
  readonly assetIds: readonly string[];
}

export type Collections = ReturnType<typeof createCollections>;

/** What a user groups assets in. An asset is in one stack at most. */
export function createCollections() {
  const albums = new Map<string, { id: string; name: string; assetIds: Set<string> }>();
  const tags = new Map<string, { id: string; value: string; assetIds: Set<string> }>();
  let stacks: StoredStack[] = [];
  const shown = <Held extends { assetIds: Set<string> }>(held: Held) => ({
    ...held,
    assetIds: [...held.assetIds],
  });

  function tagOf(value: string) {
    const parent = value.split('/').slice(0, -1).join('/');
    if (parent !== '') tagOf(parent);
    const tag = tags.get(value) ?? { id: randomUUID(), value, assetIds: new Set<string>() };
    tags.set(value, tag);
    return tag;
  }

  return {
    albums: (): StoredAlbum[] => [...albums.values()].map(shown),
    tags: (): StoredTag[] => [...tags.values()].map(shown),
    stacks: (): readonly StoredStack[] => stacks,

    createAlbum(name: string, assetIds: readonly string[]): StoredAlbum {
      const album = { id: randomUUID(), name, assetIds: new Set(assetIds) };
      albums.set(album.id, album);
      return shown(album);
    },
    hasAlbum: (id: string): boolean => albums.has(id),
    /** False when it was in there. */
    addToAlbum(albumId: string, assetId: string): boolean {
      const ids = albums.get(albumId)?.assetIds;
      const isNew = ids !== undefined && !ids.has(assetId);
      ids?.add(assetId);
      return isNew;
    },
    /** Finds or makes a tag and those above it. */
    tag: (value: string): StoredTag => shown(tagOf(value)),
    /** How many pairs are new. */
    tagAssets(tagIds: readonly string[], assetIds: readonly string[]): number {
      let count = 0;
      for (const tag of tags.values()) {
        if (!tagIds.includes(tag.id)) continue;
        for (const id of assetIds) if (!tag.assetIds.has(id)) count += 1;
        for (const id of assetIds) tag.assetIds.add(id);
      }
      return count;
    },
    tagsOf: (assetId: string) =>
      [...tags.values()]
        .filter(({ assetIds }) => assetIds.has(assetId))
        .map(({ id, value }) => ({ id, value, name: value.split('/').at(-1) })),
    /** Stacks that share an asset with it become one, as Immich merges them. */
    createStack(assetIds: readonly string[]): StoredStack {
      const touched = stacks.filter((stack) => stack.assetIds.some((id) => assetIds.includes(id)));
      const all = new Set([...assetIds, ...touched.flatMap((stack) => stack.assetIds)]);
      const stack = { id: randomUUID(), assetIds: [...all] };
      stacks = [...stacks.filter((other) => !touched.includes(other)), stack];
      return stack;
    },
    clear(): void {
      albums.clear();
      tags.clear();
      stacks = [];
    },
  };
}
