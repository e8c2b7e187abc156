/** What a bridge tells of, as it is remembered over restarts. */
export interface KnownParts {
  readonly hasUploader: boolean;
  /** The server with its web page; null when none was ever heard of. */
  readonly server: { readonly url: string | null } | null;
  /** `node` is the folder-watch node that told of the folder. */
  readonly folders: readonly { readonly id: string; readonly name: string | null; readonly node: string }[];
  /** `number` is what people see; it was given when the GPU was first seen and stays. */
  readonly gpus: readonly { readonly id: string; readonly number: number }[];
}

/** The parts of a bridge: what it has heard of, now or before a restart. The `see…` say whether that is news. */
export interface PartList {
  seeUploader(): boolean;
  seeServer(url: string | null): boolean;
  /** A watch tells of all its folders at once: one that it does not name any more is gone. */
  seeFolders(
    node: string,
    folders: readonly { readonly id: string; readonly name: string | null }[],
  ): boolean;
  /** `index` becomes the GPU's number if no other has it. */
  seeGpu(id: string, index: number | null): boolean;
  /** From now on everything that exists is expected to speak. */
  callRoll(): void;
  /** Forgets what has not spoken since the roll was called, or since the start. */
  forgetUnseen(): boolean;
  known(): KnownParts;
}

const NOTHING: KnownParts = { hasUploader: false, server: null, folders: [], gpus: [] };

/** Makes a list that begins with what was known before a restart. */
export function createPartList(remembered: KnownParts = NOTHING): PartList {
  let known = remembered;
  const seen = new Set<string>();
  const become = (next: Partial<KnownParts>): true => {
    known = { ...known, ...next };
    return true;
  };
  return {
    seeUploader() {
      seen.add('uploader');
      return !known.hasUploader && become({ hasUploader: true });
    },
    seeServer(url) {
      seen.add('server');
      // While the server is away, or has not told its address, the old one stays.
      const next = url ?? known.server?.url ?? null;
      return (known.server === null || known.server.url !== next) && become({ server: { url: next } });
    },
    seeFolders(node, folders) {
      for (const { id } of folders) seen.add(`folder ${id}`);
      const others = known.folders.filter((folder) => folder.node !== node && !isAmong(folders, folder));
      const mine = folders.map(({ id, name }) => ({ id, name, node }));
      const next = [...others, ...mine].sort((a, b) => (a.id < b.id ? -1 : 1));
      return JSON.stringify(next) !== JSON.stringify(known.folders) && become({ folders: next });
    },
    seeGpu(id, index) {
      seen.add(`gpu ${id}`);
      if (isAmong(known.gpus, { id })) return false;
      return become({ gpus: [...known.gpus, { id, number: freeNumber(known.gpus, index) }] });
    },
    callRoll: () => seen.clear(),
    forgetUnseen() {
      const isSeen = (kind: string) => (part: { id: string }) => seen.has(`${kind} ${part.id}`);
      const next: KnownParts = {
        hasUploader: seen.has('uploader'),
        server: seen.has('server') ? known.server : null,
        folders: known.folders.filter(isSeen('folder')),
        gpus: known.gpus.filter(isSeen('gpu')),
      };
      return JSON.stringify(next) !== JSON.stringify(known) && become(next);
    },
    known: () => known,
  };
}

function isAmong(parts: readonly { id: string }[], { id }: { id: string }): boolean {
  return parts.some((part) => part.id === id);
}

function freeNumber(gpus: KnownParts['gpus'], wanted: number | null): number {
  const isFree = (number: number) => gpus.every((gpu) => gpu.number !== number);
  if (wanted !== null && isFree(wanted)) return wanted;
  let number = 0;
  while (!isFree(number)) number += 1;
  return number;
}
