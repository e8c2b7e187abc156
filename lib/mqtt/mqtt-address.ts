import { say } from '../say.js';
import { SettingError } from '../settings.js';

/** The kinds of connection that a broker may offer. */
export type BrokerProtocol = 'mqtt' | 'mqtts' | 'ws' | 'wss';

/** Where a broker is, and who the address says we are. */
export interface BrokerAddress {
  readonly protocol: BrokerProtocol;
  /** As the socket wants it: an IPv6 address has brackets only in a web-socket address. */
  readonly host: string;
  /** Undefined stands for the usual one: 1883, 8883, 80 or 443. */
  readonly port: number | undefined;
  /** Path and query of a web socket; it may hold a token, so it is in no text. */
  readonly path: string | undefined;
  /** The address without login, path and query, fit for a status or a log. */
  readonly label: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
}

const PROTOCOLS: Record<string, BrokerProtocol> = {
  'mqtt:': 'mqtt',
  'tcp:': 'mqtt',
  'mqtts:': 'mqtts',
  'ssl:': 'mqtts',
  'tls:': 'mqtts',
  'ws:': 'ws',
  'wss:': 'wss',
};

const ENCRYPTED = { mqtt: 'mqtts', mqtts: 'mqtts', ws: 'wss', wss: 'wss' } as const;

/**
 * Reads a broker's address in any usual spelling; a plain `host` or `host:1883` means `mqtt://`. A login in it
 * is taken out of it. With `isEncrypted` a plain protocol becomes its encrypted sister.
 * @throws SettingError for anything else; what was typed is not in it, because it may hold a password
 */
export function parseBrokerAddress(text: string, isEncrypted = false): BrokerAddress {
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `mqtt://${text}`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const given = PROTOCOLS[url?.protocol ?? ''];
  if (url === undefined || given === undefined || url.hostname === '') {
    throw new SettingError(
      say`Broker: this is no address of a broker. Type for example mqtt://broker:1883; mqtts://, ws:// and wss:// work, too.`,
    );
  }
  const protocol = isEncrypted ? ENCRYPTED[given] : given;
  const isWeb = protocol === 'ws' || protocol === 'wss';
  return {
    protocol,
    host: isWeb ? url.hostname : url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? undefined : Number(url.port),
    path: isWeb ? `${url.pathname}${url.search}` : undefined,
    label: `${protocol}://${url.host}`,
    username: decoded(url.username),
    password: decoded(url.password),
  };
}

function decoded(part: string): string | undefined {
  if (part === '') return undefined;
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    throw new SettingError(
      say`Broker: the login in the address has a % that stands for nothing. Write it as %25, or use the fields for user and password.`,
    );
  }
}
