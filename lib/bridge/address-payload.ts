import { fieldsOf, flagOf, listOf, numberOf, textOf, webPageOf } from '../fields.js';

/** One of the addresses of a server, as it goes over the wire. Bytes are those of whole requests; null means unknown. */
export interface AddressPayload {
  /** Without a login. */
  readonly url: string | null;
  readonly in_use: boolean | null;
  /** Whether Immich answered there when it was last asked. */
  readonly there: boolean | null;
  /** What was wrong then, for machines. */
  readonly problem_code: string | null;
  /** The largest request that got through, and the smallest that a proxy refused. */
  readonly accepted_bytes: number | null;
  readonly refused_bytes: number | null;
}

/** What a list of addresses says, the first 32 of them; empty where there is none. Never throws. */
export function addressPayloads(addresses: unknown): AddressPayload[] {
  return (listOf(addresses) ?? []).map(fieldsOf).map((address) => ({
    url: webPageOf(address.url),
    in_use: flagOf(address.isInUse),
    there: flagOf(address.isThere),
    problem_code: textOf(address.problem),
    accepted_bytes: numberOf(address.acceptedBytes),
    refused_bytes: numberOf(address.refusedBytes),
  }));
}
