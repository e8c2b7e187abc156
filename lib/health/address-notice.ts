import type { AddressView } from '../immich/address.js';
import { say } from '../say.js';

/**
 * What a person may want to know of the addresses of a server: that another than the first is in use, and why, or that
 * something else answers at one of them. Null when there is nothing to say.
 */
export function addressNotice(addresses: readonly AddressView[]): string | null {
  const used = addresses.findIndex(({ isInUse }) => isInUse);
  const sentences = addresses.flatMap((address, index) => sentenceOn(address, index < used) ?? []);
  const current = addresses[used];
  if (current !== undefined && used > 0)
    sentences.unshift(say`Immich is used at ${current.url}, its address number ${used + 1}.`);
  return sentences.length === 0 ? null : sentences.join(' ');
}

/** What is wrong with an address that is not in use; a later one that only does not answer is nobody's trouble. */
function sentenceOn({ url, isInUse, problem }: AddressView, isPreferred: boolean): string | undefined {
  if (isInUse || problem === null) return undefined;
  switch (problem) {
    case 'tls':
      return say`The certificate of ${url} is not trusted: something else may answer there.`;
    case 'offline':
    case 'busy':
    case 'maintenance':
    case 'server-error':
      return isPreferred ? say`${url} does not answer.` : undefined;
    default:
      return say`At ${url} something answers that is not Immich: a login page, a captive portal of the network, or another program.`;
  }
}
