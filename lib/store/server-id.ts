import { createHash } from 'node:crypto';

/**
 * The name under which the store keeps what one user's library on one server holds: 16 hex digits of a sum over address
 * and key. Another key may be another user, whose library is another; the key cannot be found out from it.
 */
export function serverId(origin: string, apiKey: string | undefined): string {
  return createHash('sha256')
    .update(`${origin}\0${apiKey ?? ''}`)
    .digest('hex')
    .slice(0, 16);
}
