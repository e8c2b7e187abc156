/** A shot of a burst, as its camera names it. */
export interface BurstShot {
  /** The same for all shots of the burst. */
  readonly id: string;
  /** Whether the camera says that this is the one to show. */
  readonly isCover: boolean;
  /** With fewer shots than this, it is none: the name alone says too little. */
  readonly leastShots: number;
}

interface BurstRule {
  readonly pattern: RegExp;
  readonly leastShots?: number;
}

/**
 * Only names that no camera gives to single photos, lower case and without the extension. Names that merely count up
 * (`IMG_1234`, `DSC01234`) are no burst, however close in time: stacks that nobody wanted are worse than none.
 */
const RULES: readonly BurstRule[] = [
  // Pixel: PXL_20230330_201207251.BURST-01.COVER
  { pattern: /^(?<id>pxl_\d{8}_\d{9})\.burst-\d+(?<cover>\.cover)?$/ },
  // Nexus and the first Pixels: 00001IMG_00001_BURST20191023124125_COVER
  { pattern: /^\d{5}img_\d{5}_burst(?<id>\d{13,17})(?<cover>_cover)?$/ },
  // Huawei: IMG_20231014_183246_BURST001_COVER
  { pattern: /^(?<id>img_\d{8}_\d{6})_burst\d{3}(?<cover>_cover)?$/ },
  // Sony phones: DSC_0001_BURST20180828114700954_COVER
  { pattern: /^dsc(?:pdc)?_\d{4}_burst(?<id>\d{13,17})(?<cover>_cover)?$/ },
  // Samsung: 20231207_101605_001. A second photo of one second is named otherwise, yet only three shots make it sure.
  { pattern: /^(?<id>\d{8}_\d{6})_\d{3}$/, leastShots: 3 },
];

/** Reads a lower-case base name as that of a shot of a burst; undefined for every other photo. */
export function burstShotOf(base: string): BurstShot | undefined {
  // Each of these names has eight digits in a row or more: most others are told apart at once.
  if (!/\d{8}/.test(base)) return undefined;
  for (const { pattern, leastShots = 2 } of RULES) {
    const { id, cover } = pattern.exec(base)?.groups ?? {};
    if (id !== undefined) return { id, isCover: cover !== undefined, leastShots };
  }
  return undefined;
}
