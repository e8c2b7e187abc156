import type { ConnectionOptions } from 'node:tls';
import { say } from '../lib/say.js';
import { SettingError } from '../lib/settings.js';

interface TlsConfigNode {
  addTLSOptions(options: ConnectionOptions): ConnectionOptions;
}

/**
 * The TLS options of a core tls-config node: own certificate authority, client certificate, no check.
 * @throws SettingError when the node is missing or disabled
 */
export function tlsOptions(node: unknown): ConnectionOptions {
  if (!isTlsConfig(node)) {
    throw new SettingError(
      say`TLS configuration: the chosen one is missing or disabled. Choose another, or none.`,
    );
  }
  return node.addTLSOptions({});
}

function isTlsConfig(node: unknown): node is TlsConfigNode {
  return (
    typeof node === 'object' &&
    node !== null &&
    'addTLSOptions' in node &&
    typeof node.addTLSOptions === 'function'
  );
}
