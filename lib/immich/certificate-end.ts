import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/**
 * When the certificate ends that the other side showed on this connection, ISO 8601 in UTC; null without TLS. The
 * connection must have had a whole handshake: a resumed session holds the certificate of its first one.
 */
export function certificateEnd(socket: Socket): string | null {
  if (!(socket instanceof TLSSocket)) return null;
  const endMs = Date.parse(socket.getPeerX509Certificate()?.validTo ?? '');
  return Number.isNaN(endMs) ? null : new Date(endMs).toISOString();
}
