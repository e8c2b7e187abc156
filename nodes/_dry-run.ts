import { basename } from 'node:path';
import type { NodeMessage } from 'node-red';
import { pathsOfGroup } from '../lib/companions/companion.js';
import type { OrganiseSettings } from '../lib/organise/organise-settings.js';
import type { DryDeed } from '../lib/upload/dry-step.js';
import { type DryTripOptions, dryTrip } from '../lib/upload/dry-trip.js';
import type { StackPolicy } from '../lib/upload/join-assets.js';
import type { UploadQueue } from '../lib/upload/upload-queue.js';
import type { NodeTools } from './_node-tools.js';

interface DrySettings {
  readonly organise: OrganiseSettings;
  readonly stackPolicy: StackPolicy;
}

const SAID: Readonly<Record<DryDeed, string>> = {
  create: 'would-be-created',
  known: 'would-be-duplicate',
  trashed: 'would-be-trashed',
  restore: 'would-be-restored',
  carry: 'would-carry',
  apply: 'would-apply',
  link: 'would-link',
  stack: 'would-stack',
  favorite: 'would-favor',
  visibility: 'would-show',
  date: 'would-date',
  change: 'would-change',
  album: 'would-add',
  tag: 'would-tag',
  note: 'would-note',
};

/** After so long without another file the dry run is summed up, in milliseconds. */
const QUIET_MS = 5_000;

/** What an immich-upload node that does a dry run does with a file in place of sending it. */
export function dryUploadOf(
  { options }: NodeTools<DrySettings>,
  given: Omit<DryTripOptions, 'settings' | 'stackPolicy'>,
) {
  return dryTrip({ ...given, settings: options.organise, stackPolicy: options.stackPolicy });
}

/**
 * Says what would be sent, and hands all of it back in the end: when the next run is a real one, folder-watch must tell
 * these files anew. Nothing of it is counted over restarts.
 */
export function withDryRun(
  queue: UploadQueue<NodeMessage>,
  { log, signal }: NodeTools<unknown>,
  counts = queue.counts(),
): UploadQueue<NodeMessage> {
  const said = new Set<string>();
  const sum = { created: 0, duplicate: 0 };
  let quiet: NodeJS.Timeout | undefined;
  signal.addEventListener('abort', () => clearTimeout(quiet), { once: true });
  const sumUpWhenQuiet = () => {
    clearTimeout(quiet);
    quiet = setTimeout(
      () => log('info', 'would-be-all', { ...sum, failed: queue.state().failed }),
      QUIET_MS,
    ).unref();
  };
  return {
    ...queue,
    async add(file, msg) {
      const uploaded = await queue.add(file, msg);
      for (const path of pathsOfGroup(file)) said.add(path);
      sum[uploaded.uploadOutcome] += 1;
      sumUpWhenQuiet();
      for (const { does, path, with: words } of uploaded.plan ?? []) {
        const isPath = does === 'carry' || does === 'link' || does === 'stack';
        log('info', SAID[does], {
          file: path,
          what: (isPath ? words.map((word) => basename(word)) : words).join(', '),
        });
      }
      return uploaded;
    },
    counts: () => counts,
    paths: () => [...new Set([...queue.paths(), ...said])],
  };
}
