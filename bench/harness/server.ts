import { apiBase } from '../../lib/immich/server-address.js';
import type { StandInOptions } from '../../test/support/immich-stand-in.js';
import { answerOf, forkRole } from './child-role.js';

/** What a stand-in saw of a run; times are milliseconds since 1970, NaN for what did not happen. */
export interface Seen {
  /** When the first request came, and when the last answer was out. */
  readonly firstAt: number;
  readonly lastAt: number;
  /** The same of the requests that carry files. */
  readonly sendFrom: number;
  readonly sendTo: number;
  /** Requests that ask about checksums, and such that carry a file. */
  readonly checks: number;
  readonly sends: number;
  /** How many assets it holds now. */
  readonly assets: number;
}

/** The server that all programs of a case send to. */
export interface Server {
  /** For titles: which one it is. */
  readonly label: string;
  /** Somebody's Immich, which keeps all that it gets. */
  readonly isReal: boolean;
  /** Origin, without `/api`. */
  readonly url: string;
  readonly apiKey: string;
  /** Major version of Immich whose language it speaks. */
  readonly major: number;
  /** `begin` and `forget` start what is seen anew; undefined for a real Immich, of which nothing is known or forgotten. */
  tell(word: 'begin' | 'forget' | 'look'): Promise<Seen | undefined>;
  stop(): void;
}

const KEY = 'bench';

/** Starts a stand-in in a process of its own. */
export async function startStandIn(
  options: StandInOptions & { readonly dialect: 'v2' | 'v3' },
): Promise<Server> {
  const wanted = { apiKey: KEY, permissions: ['all'], ...options };
  const child = forkRole('harness/server-process.js', [JSON.stringify(wanted)]);
  const url = await answerOf<string>(child);
  const major = options.dialect === 'v3' ? 3 : 2;
  return {
    label: `stand-in for Immich ${major}.x`,
    isReal: false,
    url,
    apiKey: KEY,
    major,
    tell(word) {
      child.send(word);
      return answerOf<Seen>(child);
    },
    stop: () => child.kill(),
  };
}

/** The real Immich that the environment names, if it does. Nothing is ever deleted there. */
export async function realServer(env: NodeJS.ProcessEnv): Promise<Server | undefined> {
  const { IMMICH_API_URL: address, IMMICH_API_KEY: apiKey } = env;
  if (!address || !apiKey) return undefined;
  const base = apiBase(address);
  const version = (await (await fetch(`${base}/server/version`)).json()) as { major: number; minor: number };
  return {
    label: `Immich ${version.major}.${version.minor}`,
    isReal: true,
    url: base.replace(/\/api$/, ''),
    apiKey,
    major: version.major,
    tell: () => Promise.resolve(undefined),
    stop: () => undefined,
  };
}
