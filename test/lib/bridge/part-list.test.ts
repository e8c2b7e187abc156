import { describe, expect, it } from 'vitest';
import { createPartList, type KnownParts } from '../../../lib/bridge/part-list.js';

const inbox = { id: 'inbox-1', name: 'inbox' };
const scans = { id: 'scans-2', name: 'scans' };

describe('part list', () => {
  it('says once that a part is new', () => {
    const list = createPartList();
    expect([list.seeUploader(), list.seeUploader()]).toEqual([true, false]);
    expect([list.seeServer(null), list.seeServer('http://nas'), list.seeServer(null)]).toEqual([
      true,
      true,
      false,
    ]);
    expect([list.seeFolders('n1', [inbox]), list.seeFolders('n1', [inbox])]).toEqual([true, false]);
    expect([list.seeGpu('gpu-a', 0), list.seeGpu('gpu-a', 3)]).toEqual([true, false]);
    expect(list.known()).toEqual({
      hasUploader: true,
      server: { url: 'http://nas' },
      folders: [{ ...inbox, node: 'n1' }],
      gpus: [{ id: 'gpu-a', number: 0 }],
    });
  });

  it('drops a folder that its watch does not name any more, and no folder of another watch', () => {
    const list = createPartList();
    list.seeFolders('n1', [inbox, scans]);
    list.seeFolders('n2', [{ id: 'phone-3', name: 'phone' }]);
    expect(list.seeFolders('n1', [scans])).toBe(true);
    expect(list.known().folders.map(({ id }) => id)).toEqual(['phone-3', 'scans-2']);
  });

  it('keeps a folder that moves from one watch to another', () => {
    const list = createPartList();
    list.seeFolders('n1', [inbox, scans]);
    list.seeFolders('n2', [inbox]);
    list.seeFolders('n1', [scans]);
    expect(list.known().folders).toEqual([
      { ...inbox, node: 'n2' },
      { ...scans, node: 'n1' },
    ]);
  });

  it.each([
    { indices: [0, 1], numbers: [0, 1] },
    { indices: [1, 0], numbers: [1, 0] },
    { indices: [0, 0], numbers: [0, 1] },
    { indices: [null, null], numbers: [0, 1] },
    { indices: [1, null, null], numbers: [1, 0, 2] },
  ])('gives GPUs with the indices $indices the numbers $numbers', ({ indices, numbers }) => {
    const list = createPartList();
    for (const [at, index] of indices.entries()) list.seeGpu(`gpu-${at}`, index);
    expect(list.known().gpus.map(({ number }) => number)).toEqual(numbers);
  });

  it('remembers over a restart, and forgets what has not spoken since', () => {
    const remembered: KnownParts = {
      hasUploader: true,
      server: { url: 'http://nas' },
      folders: [{ ...inbox, node: 'n1' }],
      gpus: [
        { id: 'gpu-a', number: 0 },
        { id: 'gpu-b', number: 1 },
      ],
    };
    const list = createPartList(remembered);
    expect(list.seeGpu('gpu-b', 0)).toBe(false);
    expect(list.seeUploader()).toBe(false);
    expect(list.known()).toBe(remembered);
    expect(list.forgetUnseen()).toBe(true);
    expect(list.known()).toEqual({
      hasUploader: true,
      server: null,
      folders: [],
      gpus: [{ id: 'gpu-b', number: 1 }],
    });
    expect(list.forgetUnseen()).toBe(false);
  });
});
