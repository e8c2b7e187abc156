/** A bridge in a process of its own, for tests that kill it. Arguments: the compiled lib, the broker, the topic. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [lib, url, statusTopic] = process.argv.slice(2);
const compiled = (name) => import(pathToFileURL(join(lib, name)).href);
const { parseBrokerAddress } = await compiled('mqtt-address.js');
const { startMqttSession } = await compiled('mqtt-session.js');

const closing = new AbortController();
process.once('SIGTERM', () => closing.abort());
const address = parseBrokerAddress(url);
const session = startMqttSession({
  address,
  username: address.username,
  password: address.password,
  clientId: `process-${process.pid}`,
  statusTopic,
  signal: closing.signal,
  onStatus: (status) => console.log(status.kind),
});
await session.ended;
