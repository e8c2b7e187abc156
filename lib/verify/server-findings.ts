import type { ImmichClient } from '../immich/immich-client.js';
import { ImmichError } from '../immich/immich-error.js';
import { askVersion } from '../immich/server-facts.js';
import { say } from '../say.js';
import { type Finding, findingsIn } from './finding.js';
import { isPrivateHost } from './private-host.js';

const finding = findingsIn('Immich');
const DAY_MS = 86_400_000;
const SOON_DAYS = 14;

/** What the server says without a key. `isThere` is false when nothing more can be asked. */
export interface ServerLook {
  readonly isThere: boolean;
  readonly findings: readonly Finding[];
}

/** Asks whether Immich is there, by which way, and in which version. */
export async function lookAtServer(
  client: Pick<ImmichClient, 'origin' | 'ping' | 'ask'>,
  signal: AbortSignal,
  now = Date.now(),
): Promise<ServerLook> {
  const { origin } = client;
  try {
    const { latencyMs, certificateEndsAt } = await client.ping(signal);
    const there = finding(origin, 'ok', say`answers in ${latencyMs} ms`);
    const version = await versionFinding(client, signal);
    return { isThere: true, findings: [there, ...wayFindings(origin, certificateEndsAt, now), version] };
  } catch (error) {
    if (!(error instanceof ImmichError)) throw error;
    return { isThere: false, findings: [finding(origin, 'problem', error.message, tlsAdvice(error))] };
  }
}

function wayFindings(origin: string, certificateEndsAt: string | null, now: number): Finding[] {
  if (certificateEndsAt !== null) {
    const days = Math.floor((Date.parse(certificateEndsAt) - now) / DAY_MS);
    const found = say`trusted, until ${certificateEndsAt.slice(0, 10)}`;
    if (days > SOON_DAYS) return [finding(say`certificate`, 'ok', found)];
    return [finding(say`certificate`, 'warning', say`${found}: ${days} days`, say`Renew it.`)];
  }
  if (isPrivateHost(new URL(origin).hostname)) return [];
  const found = say`none: the API key travels in clear text over http`;
  return [
    finding(say`encryption`, 'warning', found, say`Use https for an address outside of your own network.`),
  ];
}

async function versionFinding(client: Pick<ImmichClient, 'ask'>, signal: AbortSignal): Promise<Finding> {
  const version = await askVersion(client.ask, signal);
  if (version === null) return finding(say`version`, 'warning', say`is not told`);
  const major = Number.parseInt(version, 10);
  if (major === 2 || major === 3) return finding(say`version`, 'ok', version);
  const advice = major < 2 ? say`Bring Immich to version 2 or 3.` : say`Look for a newer Immich Bridge.`;
  return finding(say`version`, 'warning', say`${version}; made for Immich 2 and 3`, advice);
}

function tlsAdvice({ kind }: ImmichError): string | undefined {
  if (kind !== 'tls') return undefined;
  return say`With NODE_EXTRA_CA_CERTS=/path/to/ca.pem this check and npm start trust your own authority.`;
}
