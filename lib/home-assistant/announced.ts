import type { KnownParts } from '../bridge/part-list.js';

/** One component of a discovery document. */
export type Component = Readonly<Record<string, unknown>> & { readonly platform: string };

/**
 * What Home Assistant and the broker were told, and must be told to forget one day. It is written before it is
 * published: after a crash it may name too much, never too little.
 */
export interface Announced {
  /** Where the document lies; null when there is none. */
  readonly discoveryTopic: string | null;
  readonly components: Readonly<Record<string, Component>>;
  /** Components that are no more, until Home Assistant was started once more and has heard of it. */
  readonly removed: Readonly<Record<string, Component>>;
  /** Every retained topic except the document's. */
  readonly retained: readonly string[];
  /** Retained topics of an earlier name or prefix that still have to be emptied. */
  readonly stale: readonly string[];
  readonly parts: KnownParts;
}

/** Reads what a former run wrote; undefined when it is nothing of the kind. */
export function asAnnounced(content: unknown): Announced | undefined {
  if (!isRecord(content)) return undefined;
  const { discoveryTopic, components, removed, retained, stale, parts } = content;
  if (!isTextOrNull(discoveryTopic)) return undefined;
  if (!areComponents(components) || !areComponents(removed)) return undefined;
  if (!areTexts(retained) || !areTexts(stale) || !areParts(parts)) return undefined;
  return { discoveryTopic, components, removed, retained, stale, parts };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function areComponents(value: unknown): value is Record<string, Component> {
  return (
    isRecord(value) &&
    Object.values(value).every((entry) => isRecord(entry) && typeof entry.platform === 'string')
  );
}

function areTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}

function areParts(value: unknown): value is KnownParts {
  if (!isRecord(value) || typeof value.hasUploader !== 'boolean') return false;
  const { server, folders, gpus } = value;
  const isServer = server === null || (isRecord(server) && isTextOrNull(server.url));
  return (
    isServer &&
    Array.isArray(folders) &&
    folders.every(
      (entry) => isRecord(entry) && areTexts([entry.id, entry.node]) && isTextOrNull(entry.name),
    ) &&
    Array.isArray(gpus) &&
    gpus.every((entry) => isRecord(entry) && areTexts([entry.id]) && typeof entry.number === 'number')
  );
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}
