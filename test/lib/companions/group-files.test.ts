import { describe, expect, it } from 'vitest';
import { groupFiles, sidecarOf } from '../../../lib/companions/group-files.js';

/** What becomes of a folder: `primary + companion:kind …`, one group a line. */
function groupsOf(names: string[], sizes: Record<string, number> = {}): string[] {
  const files = names.map((name) => ({ path: `/photos/${name}`, sizeBytes: sizes[name] ?? 1_000 }));
  return groupFiles(files)
    .map(({ primary, companions }) =>
      [
        primary.path.slice(8),
        ...companions.map(({ file, kind }) => `${file.path.slice(8)}:${kind}`).sort(),
      ].join(' + '),
    )
    .sort();
}

const LAYOUTS: [what: string, names: string[], groups: string[]][] = [
  ['a photo by itself', ['a.jpg'], ['a.jpg']],
  ['photos that count up', ['IMG_1.jpg', 'IMG_2.jpg'], ['IMG_1.jpg', 'IMG_2.jpg']],
  ['a sidecar by base name', ['a.jpg', 'a.xmp'], ['a.jpg + a.xmp:sidecar']],
  ['a sidecar by whole name', ['a.jpg', 'a.jpg.xmp'], ['a.jpg + a.jpg.xmp:sidecar']],
  ['a sidecar in capitals', ['a.jpg', 'A.JPG.XMP'], ['a.jpg + A.JPG.XMP:sidecar']],
  ['a sidecar of a video', ['a.mp4', 'a.mp4.xmp'], ['a.mp4 + a.mp4.xmp:sidecar']],
  ['a sidecar without a photo', ['a.xmp'], ['a.xmp']],
  ['two sidecars without a photo', ['a.xmp', 'a.jpg.xmp'], ['a.jpg.xmp', 'a.xmp']],
  ['a sidecar of a photo that is not there', ['a.jpg', 'a.dng.xmp'], ['a.dng.xmp', 'a.jpg']],
  ['two sidecars of one photo', ['a.jpg', 'a.xmp', 'a.jpg.xmp'], ['a.jpg + a.jpg.xmp:sidecar', 'a.xmp']],
  ['a live photo of an iPhone', ['IMG_1.HEIC', 'IMG_1.MOV'], ['IMG_1.HEIC + IMG_1.MOV:live-video']],
  ['a live photo as JPEG and MP4', ['a.jpg', 'a.mp4'], ['a.jpg + a.mp4:live-video']],
  ['a live photo in two cases', ['img_1.heic', 'IMG_1.mov'], ['img_1.heic + IMG_1.mov:live-video']],
  ['two videos of one base', ['a.mov', 'a.mp4'], ['a.mov + a.mp4:twin']],
  ['a still and two videos', ['a.heic', 'a.mov', 'a.mp4'], ['a.heic + a.mov:live-video + a.mp4:twin']],
  ['a still and a video of another kind', ['a.jpg', 'a.avi'], ['a.jpg + a.avi:twin']],
  ['a drawing and a video', ['a.png', 'a.mp4'], ['a.png + a.mp4:twin']],
  ['a RAW and a JPEG', ['DSC1.ARW', 'DSC1.JPG'], ['DSC1.JPG + DSC1.ARW:raw']],
  ['a RAW and a HEIC', ['a.cr3', 'a.heic'], ['a.heic + a.cr3:raw']],
  ['a RAW by itself', ['a.nef'], ['a.nef']],
  ['a RAW with its sidecar', ['a.nef', 'a.xmp'], ['a.nef + a.xmp:sidecar']],
  ['two RAWs', ['a.dng', 'a.cr2'], ['a.cr2 + a.dng:twin']],
  [
    'a RAW, a JPEG, a video and a sidecar',
    ['a.dng', 'a.jpg', 'a.mov', 'a.xmp'],
    ['a.jpg + a.dng:raw + a.mov:live-video + a.xmp:sidecar'],
  ],
  [
    'a sidecar for each of two',
    ['a.dng', 'a.jpg', 'a.dng.xmp', 'a.jpg.xmp'],
    ['a.jpg + a.dng.xmp:sidecar + a.dng:raw + a.jpg.xmp:sidecar'],
  ],
  ['two developed photos', ['a.heic', 'a.jpg'], ['a.heic + a.jpg:twin']],
  ['two cases on a disk that tells them apart', ['a.jpg', 'A.JPG'], ['A.JPG + a.jpg:twin']],
  ['a copy', ['a.jpg', 'a (1).jpg', 'a.xmp'], ['a (1).jpg', 'a.jpg + a.xmp:sidecar']],
  ['an edited copy', ['a.jpg', 'a-edited.jpg', 'a.mov'], ['a-edited.jpg', 'a.jpg + a.mov:live-video']],
  ['an edit of an iPhone', ['IMG_1.HEIC', 'IMG_E1.HEIC'], ['IMG_1.HEIC', 'IMG_E1.HEIC']],
  ['two forms of Unicode', ['caf\u00e9.jpg', 'cafe\u0301.xmp'], ['caf\u00e9.jpg + cafe\u0301.xmp:sidecar']],
  ['dots in the name', ['a.b.jpg', 'a.b.xmp', 'a.c.xmp'], ['a.b.jpg + a.b.xmp:sidecar', 'a.c.xmp']],
  [
    'a name that is put aside',
    ['a.jpg', 'a.immich-bridge-0123456789abcdef.xmp'],
    ['a.jpg + a.immich-bridge-0123456789abcdef.xmp:sidecar'],
  ],
  [
    'a burst of a Pixel',
    ['PXL_20230330_201207251.BURST-01.COVER.jpg', 'PXL_20230330_201207251.BURST-02.jpg'],
    ['PXL_20230330_201207251.BURST-01.COVER.jpg + PXL_20230330_201207251.BURST-02.jpg:burst'],
  ],
  [
    'a burst of a Nexus, its cover in the middle',
    [
      '00000IMG_00000_BURST20191023124125.jpg',
      '00001IMG_00001_BURST20191023124125_COVER.jpg',
      '00002IMG_00002_BURST20191023124125.jpg',
    ],
    [
      '00001IMG_00001_BURST20191023124125_COVER.jpg + 00000IMG_00000_BURST20191023124125.jpg:burst + 00002IMG_00002_BURST20191023124125.jpg:burst',
    ],
  ],
  [
    'a burst of a Huawei with a sidecar',
    [
      'IMG_20231014_183246_BURST001_COVER.jpg',
      'IMG_20231014_183246_BURST002.jpg',
      'IMG_20231014_183246_BURST002.xmp',
    ],
    [
      'IMG_20231014_183246_BURST001_COVER.jpg + IMG_20231014_183246_BURST002.jpg:burst + IMG_20231014_183246_BURST002.xmp:sidecar',
    ],
  ],
  [
    'a burst of a Sony phone without a cover',
    ['DSC_0002_BURST20180828114700954.JPG', 'DSC_0001_BURST20180828114700954.JPG'],
    ['DSC_0001_BURST20180828114700954.JPG + DSC_0002_BURST20180828114700954.JPG:burst'],
  ],
  [
    'three shots of a Samsung in one second',
    ['20231207_101605_001.jpg', '20231207_101605_002.jpg', '20231207_101605_003.jpg'],
    ['20231207_101605_001.jpg + 20231207_101605_002.jpg:burst + 20231207_101605_003.jpg:burst'],
  ],
  [
    'two shots of a Samsung in one second',
    ['20231207_101605_001.jpg', '20231207_101605_002.jpg', '20231207_101605_002.xmp'],
    ['20231207_101605_001.jpg', '20231207_101605_002.jpg + 20231207_101605_002.xmp:sidecar'],
  ],
  [
    'a single shot of a burst',
    ['PXL_20230330_201207251.BURST-01.COVER.jpg'],
    ['PXL_20230330_201207251.BURST-01.COVER.jpg'],
  ],
  [
    'a RAW of a Pixel',
    ['PXL_20230330_184138390.RAW-01.MP.COVER.jpg', 'PXL_20230330_184138390.RAW-02.ORIGINAL.dng'],
    ['PXL_20230330_184138390.RAW-01.MP.COVER.jpg + PXL_20230330_184138390.RAW-02.ORIGINAL.dng:raw'],
  ],
  [
    'photos of seconds that follow each other',
    ['20231207_101605.jpg', '20231207_101606.jpg', '20231207_101607.jpg'],
    ['20231207_101605.jpg', '20231207_101606.jpg', '20231207_101607.jpg'],
  ],
];

describe('what belongs together', () => {
  it.each(LAYOUTS)('%s', (_what, names, groups) => {
    expect(groupsOf(names)).toEqual([...groups].sort());
    expect(groupsOf([...names].reverse())).toEqual([...groups].sort());
  });

  it('a long video is no live photo', () => {
    expect(groupsOf(['a.jpg', 'a.mov'], { 'a.mov': 65 * 1024 * 1024 })).toEqual(['a.jpg + a.mov:twin']);
  });
});

describe('whose a sidecar is', () => {
  const fellows = (...names: string[]) => names.map((path) => ({ path }));
  it.each([
    ['a.jpg', ['a.jpg', 'a.xmp', 'a.jpg.xmp'], 'a.jpg.xmp'],
    ['a.dng', ['a.jpg', 'a.dng', 'a.xmp', 'a.jpg.xmp'], 'a.xmp'],
    ['a.JPG', ['a.JPG', 'A.jpg.XMP'], 'A.jpg.XMP'],
    ['a.jpg', ['a.jpg', 'a.dng.xmp'], undefined],
    ['a.mov', ['a.jpg', 'a.mov', 'a.xmp'], undefined],
    ['a.mov', ['a.mov', 'a.xmp'], 'a.xmp'],
    ['a.mov', ['a.jpg', 'a.mov', 'a.mov.xmp'], 'a.mov.xmp'],
    ['b.jpg', ['a.jpg', 'a.xmp', 'b.jpg'], undefined],
  ])('of %s among %j it is %s', (name, names, expected) => {
    expect(sidecarOf({ path: name }, fellows(...names))?.path).toBe(expected);
  });
});
