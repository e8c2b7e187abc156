/** Some memory on loan. It is given back exactly once, when nobody reads or writes it any more. */
export interface Loan {
  /** As many bytes as were asked for, with anything in them. */
  readonly bytes: Buffer;
  giveBack(): void;
}

/** Memory for whole small files, bounded in all and used again and again, so that it makes no garbage. */
export interface ByteStore {
  /** Lends so many bytes; undefined when that many are too many, or are not free now. */
  lend(sizeBytes: number): Loan | undefined;
}

export interface ByteStoreOptions {
  /** All that the store ever holds (8 MiB). */
  readonly totalBytes?: number;
  /** The most that is lent at once to one (1 MiB). */
  readonly largestBytes?: number;
}

const MEBIBYTE = 1024 * 1024;
const SMALLEST_BYTES = 64 * 1024;

/**
 * Makes a store that takes memory from the system when it is needed for the first time. Blocks are powers of two, so
 * that a file of nearly the same size fits where another was.
 */
export function createByteStore(options: ByteStoreOptions = {}): ByteStore {
  const { totalBytes = 8 * MEBIBYTE, largestBytes = MEBIBYTE } = options;
  const free = new Map<number, Buffer[]>();
  let heldBytes = 0;

  /** Gives blocks of other sizes back to the system until so many bytes fit in. */
  function makeRoom(sizeBytes: number): boolean {
    for (const [size, blocks] of free) {
      while (heldBytes + sizeBytes > totalBytes && blocks.pop() !== undefined) heldBytes -= size;
    }
    return heldBytes + sizeBytes <= totalBytes;
  }

  return {
    lend(sizeBytes) {
      if (sizeBytes > largestBytes) return undefined;
      const size = blockSize(sizeBytes);
      let block = free.get(size)?.pop();
      if (block === undefined) {
        if (!makeRoom(size)) return undefined;
        block = Buffer.allocUnsafeSlow(size);
        heldBytes += size;
      }
      let lent: Buffer | undefined = block;
      return {
        bytes: block.subarray(0, sizeBytes),
        giveBack() {
          if (lent === undefined) return;
          const blocks = free.get(size) ?? [];
          free.set(size, blocks);
          blocks.push(lent);
          lent = undefined;
        },
      };
    },
  };
}

function blockSize(sizeBytes: number): number {
  let size = SMALLEST_BYTES;
  while (size < sizeBytes) size *= 2;
  return size;
}
