import type { QueueState } from './queues.js';

/** What a test may set about the machine that Immich runs on. */
export interface ServerCondition {
  /** As in `v2.8.0`; null while the check for new versions is off. */
  readonly releaseVersion: string | null;
  /** Bytes; `freeBytes` may be less than what is not used, as with reserved blocks. */
  readonly disk: {
    readonly totalBytes: number;
    readonly usedBytes: number;
    readonly freeBytes: number;
  } | null;
  /** Queues by name; the others are idle. */
  readonly queues: Readonly<Record<string, QueueState>>;
  /** False for a server from before 2.4, which knows `/jobs` alone. */
  readonly hasQueues: boolean;
  /** False for a server that does not tell a key about itself. */
  readonly hasKeyInfo: boolean;
}

/** A server in good order. */
export const goodCondition: ServerCondition = {
  releaseVersion: null,
  disk: null,
  queues: {},
  hasQueues: true,
  hasKeyInfo: true,
};

/** `GET /server/storage`: a disk of 1 TiB, so that only the quota limits, unless the condition has another. */
export function serverStorage(assetBytes: number, disk: ServerCondition['disk']): object {
  const whole = 2 ** 40;
  const { totalBytes, usedBytes, freeBytes } = disk ?? {
    totalBytes: whole,
    usedBytes: assetBytes,
    freeBytes: whole - assetBytes,
  };
  const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  return {
    diskSize: gib(totalBytes),
    diskUse: gib(usedBytes),
    diskAvailable: gib(freeBytes),
    diskSizeRaw: totalBytes,
    diskUseRaw: usedBytes,
    diskAvailableRaw: freeBytes,
    diskUsagePercentage: Math.round((usedBytes / totalBytes) * 10_000) / 100,
  };
}

/** `GET /server/version-check`: empty while the check is off. */
export function versionCheck({ releaseVersion }: ServerCondition, now: Date): object {
  return { checkedAt: releaseVersion === null ? null : now.toISOString(), releaseVersion };
}
