/**
 * Preloaded into Node-RED: its clock on the wall runs ahead by as many milliseconds as the file `FAULT_CLOCK` holds,
 * and jumps when that number changes. The clock that nobody sets (performance.now) stays as it is.
 */
import { readFileSync } from 'node:fs';

const RealDate = Date;
let aheadMs = 0;

function look() {
  const read = Number(readFileSync(process.env.FAULT_CLOCK, 'utf8'));
  if (Number.isFinite(read)) aheadMs = read;
}

look();
setInterval(look, 50).unref();
const now = () => RealDate.now() + aheadMs;

globalThis.Date = new Proxy(RealDate, {
  apply: () => new RealDate(now()).toString(),
  construct: (target, given, newTarget) =>
    Reflect.construct(target, given.length === 0 ? [now()] : given, newTarget),
  get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
});
