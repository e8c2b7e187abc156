/** What arrived in Immich in each of the last minutes, oldest first; the last one is the present minute. */
export interface HourView {
  readonly files: readonly number[];
  readonly bytes: readonly number[];
}

interface Slot {
  minute: number;
  files: number;
  bytes: number;
}

/** Counts by the minute, for the last `minutes` of them. */
export function createHour(minutes: number) {
  const slots: Slot[] = [];
  const minuteOf = (at: Date) => Math.floor(at.getTime() / 60_000);
  return {
    add(at: Date, bytes: number): void {
      const minute = minuteOf(at);
      let slot = slots.at(-1);
      // A clock that was set back goes on in the newest slot.
      if (slot === undefined || slot.minute < minute) {
        slot = { minute, files: 0, bytes: 0 };
        slots.push(slot);
        if (slots.length > minutes) slots.shift();
      }
      slot.files += 1;
      slot.bytes += bytes;
    },
    view(at: Date): HourView {
      const files = new Array<number>(minutes).fill(0);
      const bytes = new Array<number>(minutes).fill(0);
      const last = Math.max(minuteOf(at), slots.at(-1)?.minute ?? 0);
      for (const slot of slots) {
        const place = minutes - 1 - (last - slot.minute);
        if (place < 0) continue;
        files[place] = slot.files;
        bytes[place] = slot.bytes;
      }
      return { files, bytes };
    },
  };
}
