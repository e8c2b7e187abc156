/** Bytes a second over the last `windowMs`; times are `now()` in milliseconds that only ever grow. */
export function createRateMeter({ windowMs = 10_000, now = () => performance.now() } = {}) {
  let slots: { at: number; bytes: number }[] = [];
  const forgetOld = (at: number) => {
    slots = slots.filter((slot) => at - slot.at < windowMs);
  };
  return {
    add(bytes: number) {
      const at = Math.floor(now() / 500) * 500;
      const last = slots.at(-1);
      if (last?.at === at) last.bytes += bytes;
      else {
        forgetOld(at);
        slots.push({ at, bytes });
      }
    },
    bytesPerSecond() {
      const at = now();
      forgetOld(at);
      const first = slots[0];
      if (first === undefined) return 0;
      const seconds = Math.max(1, (at - first.at) / 1_000);
      return Math.round(slots.reduce((sum, slot) => sum + slot.bytes, 0) / seconds);
    },
  };
}
