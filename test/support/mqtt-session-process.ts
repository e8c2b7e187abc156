/** A bridge in a process of its own, for tests that kill it. Arguments: the broker, the topic of the status. */
import { parseBrokerAddress } from '../../lib/mqtt/mqtt-address.js';
import { startMqttSession } from '../../lib/mqtt/mqtt-session.js';

const [url = '', statusTopic = ''] = process.argv.slice(2);
const closing = new AbortController();
process.once('SIGTERM', () => closing.abort());
const address = parseBrokerAddress(url);
startMqttSession({
  address,
  username: address.username,
  password: address.password,
  clientId: `process-${process.pid}`,
  statusTopic,
  signal: closing.signal,
  onStatus: (status) => console.log(status.kind),
});
