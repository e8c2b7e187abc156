import type { AddressView } from '../immich/address.js';
import { ImmichError } from '../immich/immich-error.js';
import type { QueueCount } from '../immich/queue-counts.js';
import * as facts from '../immich/server-facts.js';
import type { Pong } from '../immich/server-ping.js';
import { say } from '../say.js';
import type { HealthProblem } from './health-report.js';
import { createInquiry, type Inquiry, type InquiryOptions } from './inquiry.js';
import { RIGHT_NAMES, type Right } from './key-rights.js';

/** What one look at a server saw; null is what it could not see. */
export interface ServerLook {
  /** Null when the server is not reachable: then all else is null, too. */
  readonly pong: Pong | null;
  readonly problem: HealthProblem | null;
  /** The addresses of the server after the look, and what is known of each. */
  readonly addresses: readonly AddressView[];
  readonly version: string | null;
  readonly latestVersion: string | null;
  readonly storage: facts.StorageFacts | null;
  readonly library: (facts.LibraryFacts & { readonly scope: 'server' | 'user' }) | null;
  readonly account: facts.AccountFacts | null;
  readonly queues: readonly QueueCount[] | null;
  /** What the key may not see; null when that was not asked. */
  readonly missing: readonly Right[] | null;
}

type Seen = Pick<ServerLook, 'latestVersion' | 'storage' | 'library' | 'account' | 'queues'>;

const NOTHING: Seen = { latestVersion: null, storage: null, library: null, account: null, queues: null };

/**
 * Looks at a server once, with one small question for each thing that the key may see. Whether it is reachable
 * depends on the ping alone. Rejects only when `signal` is aborted.
 */
export async function lookAtServer(options: InquiryOptions, signal: AbortSignal): Promise<ServerLook> {
  const inquiry = createInquiry(options, signal);
  const pong = await inquiry.attempt((limited) => options.client.ping(limited));
  if (pong instanceof ImmichError) {
    const { kind, message } = pong;
    const problem = { kind, message };
    return {
      ...NOTHING,
      pong: null,
      problem,
      addresses: options.client.addresses(),
      version: null,
      missing: null,
    };
  }
  const [version, seen] = await Promise.all([seeVersion(options, inquiry), seeWithKey(options, inquiry)]);
  const missing = seen === null ? null : RIGHT_NAMES.filter((right) => inquiry.missing.has(right));
  const { problem } = inquiry;
  return { ...NOTHING, ...seen, pong, problem, addresses: options.client.addresses(), version, missing };
}

async function seeVersion({ client }: InquiryOptions, inquiry: Inquiry): Promise<string | null> {
  const version = await inquiry.attempt((limited) => facts.askVersion(client.ask, limited));
  if (!(version instanceof ImmichError)) return version;
  inquiry.note(version);
  return null;
}

async function seeWithKey(options: InquiryOptions, inquiry: Inquiry): Promise<Seen | null> {
  if (options.hasKey && !(await learnRights(options, inquiry))) return null;
  const [latestVersion, storage, account, library, queues] = await Promise.all([
    inquiry.see('server.versionCheck', facts.askLatestVersion),
    inquiry.see('server.storage', facts.askStorage),
    inquiry.see('user.read', facts.askAccount),
    seeLibrary(inquiry),
    seeQueues(options, inquiry),
  ]);
  return { latestVersion, storage, account, library, queues };
}

/** Whether there is a sense in asking on: not with a key that is refused, and not during maintenance. */
async function learnRights({ client, rights }: InquiryOptions, inquiry: Inquiry): Promise<boolean> {
  const permissions = await inquiry.attempt((limited) => facts.askPermissions(client.ask, limited));
  if (!(permissions instanceof ImmichError)) {
    rights.learn(permissions);
    return true;
  }
  if (permissions.status === 404) {
    const isMaintained = await inquiry.attempt((limited) => facts.askMaintenance(client.ask, limited));
    if (isMaintained === true) {
      inquiry.note(new ImmichError('maintenance', say`Immich is in maintenance mode.`));
      return false;
    }
    // An Immich that does not know this question yet: what the key may see shows when it is asked.
    rights.learn(null);
    return true;
  }
  inquiry.note(permissions);
  return permissions.kind !== 'unauthorized';
}

async function seeLibrary(inquiry: Inquiry): Promise<ServerLook['library']> {
  const all = await inquiry.see('server.statistics', facts.askStatistics);
  if (all !== null) return { ...all, scope: 'server' };
  // Only for want of a right: the number must not jump between two meanings when one question fails.
  if (!inquiry.missing.has('server.statistics')) return null;
  const own = await inquiry.see('asset.statistics', facts.askOwnStatistics);
  return own && { ...own, scope: 'user' };
}

function seeQueues({ rights }: InquiryOptions, inquiry: Inquiry): Promise<ServerLook['queues']> {
  const seeJobs = () => inquiry.see('job.read', facts.askJobs);
  if (!rights.has('queue.read') && rights.has('job.read')) return seeJobs();
  return inquiry.see('queue.read', facts.askQueues, seeJobs);
}
