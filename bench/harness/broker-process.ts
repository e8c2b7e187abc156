/** A broker in a process of its own, so that it takes no time from others. It sends its address. */
import { startBroker } from '../../test/support/broker.js';

process.send?.((await startBroker()).url);
