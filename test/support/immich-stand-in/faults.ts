/** For which requests a fault is meant. All conditions must hold; without one it meets every request. */
export interface FaultScope {
  /** How many requests it meets; without it every one until it is taken back. */
  readonly times?: number;
  readonly method?: string;
  /** A whole path such as `/api/assets`, or a pattern. */
  readonly path?: string | RegExp;
  /** Only bodies that are announced with more than so many bytes, as the limit of a proxy is. */
  readonly largerThanBytes?: number;
}

interface Moment {
  /** How much of the body is read first: 0 is the headers alone, `all` (the default) is the whole body. */
  readonly afterBytes?: number | 'all';
  /** The request does its work first (the file is stored), and only its answer is lost. Reads the whole body. */
  readonly takesEffect?: boolean;
}

/** Answers with any status; without a body the one that Immich gives with this status. */
export interface AnswerFault extends FaultScope, Moment {
  readonly kind: 'answer';
  readonly status: number;
  readonly body?: string | object;
  readonly headers?: Readonly<Record<string, string>>;
  /** After an early answer the rest of the body is not read at all; otherwise it is read and dropped. */
  readonly stopsReading?: boolean;
}

/** Resets the connection; without `afterBytes` as soon as the headers are there. */
export interface ResetFault extends FaultScope, Moment {
  readonly kind: 'reset';
}

/**
 * Takes the request and never answers; with a number in `afterBytes` it also stops reading there, and then does not
 * even notice that the client leaves.
 */
export interface HangFault extends FaultScope, Moment {
  readonly kind: 'hang';
}

/** Resets a kept-alive connection when it is used again, as when it went idle too long; fresh ones are served. */
export interface StaleSocketFault extends FaultScope {
  readonly kind: 'stale-socket';
}

/** Answers rightly, but so much later. */
export interface DelayFault extends FaultScope {
  readonly kind: 'delay';
  readonly delayMs: number;
}

/** Stores other bytes than were sent, as behind a proxy that recodes pictures. Only uploads. */
export interface CorruptFault extends FaultScope {
  readonly kind: 'corrupt';
}

/** Says `created` and stores nothing. Only uploads. */
export interface ForgetFault extends FaultScope {
  readonly kind: 'forget';
}

/** Immich's maintenance mode: only ping, version and config exist, and config says so. */
export interface MaintenanceFault extends FaultScope {
  readonly kind: 'maintenance';
}

type Ending = AnswerFault | ResetFault | HangFault | StaleSocketFault;

/** Anything that can go wrong with a request. Several may be set at once: the oldest that ends it wins, the others add up. */
export type Fault = Ending | DelayFault | CorruptFault | ForgetFault | MaintenanceFault;

/** What is asked of the faults about a request. */
export interface FaultSubject {
  readonly method: string;
  readonly path: string;
  readonly contentLength: number;
  readonly isReusedConnection: boolean;
}

/** What befalls one request. */
export interface Misfortune {
  readonly ending: Ending | undefined;
  readonly delayMs: number;
  readonly isCorrupting: boolean;
  readonly isForgetting: boolean;
  readonly isMaintenance: boolean;
}

/** Answers of what stands between a client and Immich, ready for `fail`. */
export const proxyFaults = {
  /** A proxy with a limit for bodies, as nginx has one: an HTML page, sent from the headers alone. */
  tooLarge: (largerThanBytes: number): AnswerFault => ({
    kind: 'answer',
    status: 413,
    method: 'POST',
    largerThanBytes,
    afterBytes: 0,
    headers: { 'Content-Type': 'text/html', Server: 'a-proxy' },
    body: '<html><head><title>413</title></head><body><h1>413 This body is too large</h1></body></html>\n',
  }),
  /** A page that asks for a login and says 200 to everything. */
  captivePortal: (): AnswerFault => ({
    kind: 'answer',
    status: 200,
    headers: { 'Content-Type': 'text/html' },
    body: '<!doctype html><title>Welcome</title><p>Please accept our terms to go online.</p>',
  }),
  /** Moves the client to another address, as from http to https. */
  redirect: (location: string): AnswerFault => ({
    kind: 'answer',
    status: 301,
    afterBytes: 0,
    headers: { Location: location },
    body: '',
  }),
} as const;

/** Holds the faults that are set. */
export function createFaultBox() {
  const faults = new Map<Fault, { left: number }>();

  function first<Kind extends Fault['kind']>(subject: FaultSubject, kinds: readonly Kind[]) {
    for (const [fault, use] of faults) {
      if (!isOneOf(fault, kinds) || !meets(fault, subject)) continue;
      use.left -= 1;
      if (use.left <= 0) faults.delete(fault);
      return fault;
    }
    return undefined;
  }

  return {
    /** Sets a fault and returns how to take it back. */
    add(fault: Fault): () => void {
      const own = { ...fault };
      faults.set(own, { left: fault.times ?? Number.POSITIVE_INFINITY });
      return () => void faults.delete(own);
    },
    clear: () => faults.clear(),
    /** Picks what befalls a request and counts it as used. */
    take(subject: FaultSubject): Misfortune {
      const ending = first(subject, ['answer', 'reset', 'hang', 'stale-socket']);
      const isServed = ending === undefined || ('takesEffect' in ending && ending.takesEffect === true);
      const isUpload = isServed && subject.method === 'POST' && subject.path === '/api/assets';
      return {
        ending,
        delayMs: first(subject, ['delay'])?.delayMs ?? 0,
        isCorrupting: isUpload && first(subject, ['corrupt']) !== undefined,
        isForgetting: isUpload && first(subject, ['forget']) !== undefined,
        isMaintenance: isServed && first(subject, ['maintenance']) !== undefined,
      };
    },
  };
}

function isOneOf<Kind extends Fault['kind']>(
  fault: Fault,
  kinds: readonly Kind[],
): fault is Extract<Fault, { kind: Kind }> {
  return kinds.some((kind) => kind === fault.kind);
}

function meets(fault: Fault, subject: FaultSubject): boolean {
  const { method, path, largerThanBytes } = fault;
  if (fault.kind === 'stale-socket' && !subject.isReusedConnection) return false;
  if (method !== undefined && method.toUpperCase() !== subject.method) return false;
  if (typeof path === 'string' && path !== subject.path) return false;
  if (path instanceof RegExp && !path.test(subject.path)) return false;
  return largerThanBytes === undefined || subject.contentLength > largerThanBytes;
}
