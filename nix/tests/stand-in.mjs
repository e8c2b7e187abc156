/** A stand-in for Immich: `node stand-in.mjs <folder of the launcher> <port> <API key>`. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, port, apiKey] = process.argv.slice(2);
const file = join(folder, 'dist/test/support/immich-stand-in.js');
const { startImmichStandIn } = await import(pathToFileURL(file).href);
const { url } = await startImmichStandIn({ port: Number(port), apiKey });
console.log(`A stand-in for Immich listens on ${url}.`);
