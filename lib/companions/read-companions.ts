import { isAbsolute, resolve } from 'node:path';
import { type Fields, numberOf, recordOf, textOf } from '../fields.js';
import type { Companion, CompanionKind, UploadedCompanion } from './companion.js';

const KINDS: ReadonlySet<unknown> = new Set<CompanionKind>(['sidecar', 'live-video', 'raw', 'burst', 'twin']);

/**
 * Reads the companions of a file from a message: none where it names none, undefined where what it names are none, or not
 * whole.
 */
export function readCompanions(value: unknown): readonly Companion[] | undefined {
  return readEach(value, asCompanion);
}

/** The same for those that Immich confirmed. */
export function readUploadedCompanions(value: unknown): readonly UploadedCompanion[] | undefined {
  return readEach(value, asUploadedCompanion);
}

function readEach<Item>(
  value: unknown,
  read: (fields: Fields) => Item | undefined,
): readonly Item[] | undefined {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return undefined;
  const items = value.flatMap((entry) => read(recordOf(entry) ?? {}) ?? []);
  return items.length === value.length ? items : undefined;
}

function asCompanion({ kind, path, ...rest }: Fields): Companion | undefined {
  if (!KINDS.has(kind) || typeof path !== 'string' || !isAbsolute(path)) return undefined;
  const relativePath = textOf(rest.relativePath);
  const [sizeBytes, mtimeMs] = [numberOf(rest.sizeBytes), numberOf(rest.mtimeMs)];
  if (relativePath === null || sizeBytes === null || mtimeMs === null) return undefined;
  return { kind: kind as CompanionKind, path: resolve(path), relativePath, sizeBytes, mtimeMs };
}

function asUploadedCompanion(fields: Fields): UploadedCompanion | undefined {
  const companion = asCompanion(fields);
  const { sha1, assetId, uploadOutcome } = fields;
  const ctimeMs = numberOf(fields.ctimeMs);
  const isProven = typeof sha1 === 'string' && /^[0-9a-f]{40}$/.test(sha1) && ctimeMs !== null;
  const isAsset = companion?.kind === 'sidecar' ? assetId === null : textOf(assetId) !== null;
  if (companion === undefined || !isProven || !isAsset) return undefined;
  if (uploadOutcome !== 'created' && uploadOutcome !== 'duplicate') return undefined;
  return { ...companion, sha1, ctimeMs, assetId: textOf(assetId), uploadOutcome };
}
