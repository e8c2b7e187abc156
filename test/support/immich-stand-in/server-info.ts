import type { Dialect } from './answers.js';
import type { AssetLibrary, StoredAsset } from './asset-library.js';

/** Who the key belongs to. */
export interface StandInUser {
  readonly id: string;
  readonly isAdmin: boolean;
  readonly createdAt: string;
  readonly permissions: readonly string[];
  readonly quotaBytes: number | null;
}

const version = {
  v2: { major: 2, minor: 7, patch: 5 },
  v3: { major: 3, minor: 2, patch: 2, prerelease: null },
} as const;

/** `GET /server/version`. */
export function serverVersion(dialect: Dialect): object {
  return version[dialect];
}

/** `GET /server/version-history`: one entry a version that ran. */
export function versionHistory(dialect: Dialect, { createdAt }: StandInUser): object {
  const { major, minor, patch } = version[dialect];
  const id = 'e97fb13b-d4d0-4de4-a25b-148bad88c9e7';
  return [{ id, createdAt, version: `${major}.${minor}.${patch}` }];
}

/** `GET /server/about`. */
export function serverAbout(dialect: Dialect): object {
  const { major, minor, patch } = version[dialect];
  const name = `v${major}.${minor}.${patch}`;
  const versionUrl = `https://github.com/immich-app/immich/releases/tag/${name}`;
  const tools = {
    nodejs: process.version,
    exiftool: '13.53',
    ffmpeg: '5.1',
    libvips: '8.17.3',
    imagemagick: '',
  };
  return { version: name, versionUrl, licensed: false, ...tools };
}

/** `GET /server/config`. */
export function serverConfig(dialect: Dialect, isMaintenance: boolean): object {
  return {
    loginPageMessage: '',
    trashDays: 30,
    userDeleteDelay: 7,
    oauthButtonText: 'Login with OAuth',
    isInitialized: true,
    isOnboarded: true,
    externalDomain: '',
    publicUsers: true,
    mapDarkStyleUrl: '',
    mapLightStyleUrl: '',
    maintenanceMode: isMaintenance,
    ...(dialect === 'v3' && { minFaces: 3, oauthAccountManagementUrl: '' }),
  };
}

/** `GET /server/features`: no machine learning, but trash and sidecars. */
export function serverFeatures(dialect: Dialect): object {
  const on = ['sidecar', 'search', 'trash', 'passwordLogin', 'configFile'];
  const off = ['smartSearch', 'facialRecognition', 'duplicateDetection', 'map', 'reverseGeocoding'];
  off.push('importFaces', 'oauth', 'oauthAutoLaunch', 'ocr', 'email');
  if (dialect === 'v3') off.push('realtimeTranscoding');
  return Object.fromEntries([...on.map((name) => [name, true]), ...off.map((name) => [name, false])]);
}

/** `GET /server/statistics`: admin only. */
export function serverStatistics(library: AssetLibrary, user: StandInUser): object {
  const assets = library.all().filter(({ isTrashed }) => !isTrashed);
  const ofType = (type: StoredAsset['type']) => assets.filter((asset) => asset.type === type);
  const sum = (some: readonly StoredAsset[]) => some.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
  const counts = {
    photos: ofType('IMAGE').length,
    videos: ofType('VIDEO').length,
    usage: sum(assets),
    usagePhotos: sum(ofType('IMAGE')),
    usageVideos: sum(ofType('VIDEO')),
  };
  const own = { userId: user.id, userName: 'User', ...counts, quotaSizeInBytes: user.quotaBytes };
  return { ...counts, usageByUser: [own] };
}

/** `GET /assets/statistics`: leaves out trashed and locked assets. */
export function assetStatistics(library: AssetLibrary): object {
  const assets = library.all().filter(({ isTrashed, visibility }) => !isTrashed && visibility !== 'locked');
  const images = assets.filter(({ type }) => type === 'IMAGE').length;
  return { images, videos: assets.length - images, total: assets.length };
}

/** `GET /users/me`: says how much of the quota is used. */
export function currentUser(library: AssetLibrary, user: StandInUser): object {
  return {
    id: user.id,
    email: 'user@example.com',
    name: 'User',
    profileImagePath: '',
    avatarColor: 'orange',
    profileChangedAt: user.createdAt,
    storageLabel: 'user',
    shouldChangePassword: false,
    isAdmin: user.isAdmin,
    createdAt: user.createdAt,
    deletedAt: null,
    updatedAt: user.createdAt,
    oauthId: '',
    quotaSizeInBytes: user.quotaBytes,
    quotaUsageInBytes: library.usageBytes(),
    status: 'active',
    license: null,
  };
}

/** `GET /api-keys/me`: what the key may do. */
export function currentKey({ createdAt, permissions }: StandInUser): object {
  const id = '2f0b1c52-5d5c-4a0b-9a52-6f2e6a1d7c11';
  return { id, name: 'stand-in', createdAt, updatedAt: createdAt, permissions };
}

/** `GET /assets/{id}`. */
export function assetAnswer(
  asset: StoredAsset,
  user: StandInUser,
  dialect: Dialect,
  tags: readonly object[] = [],
): object {
  const { fileCreatedAt = asset.createdAt, fileModifiedAt = asset.createdAt } = asset.fields;
  const [createdAt, modifiedAt] = [fileCreatedAt, fileModifiedAt].map((date) => new Date(date).toISOString());
  const { deviceAssetId, deviceId } = asset.fields;
  const { isFavorite = asset.fields.isFavorite === 'true', ...exif } = asset.changes;
  const { description = '', rating = null, latitude = null, longitude = null } = exif;
  return {
    id: asset.id,
    createdAt: asset.createdAt,
    ...(dialect === 'v2' && { deviceAssetId, deviceId }),
    ownerId: user.id,
    libraryId: null,
    type: asset.type,
    originalPath: `upload/${user.id}/${asset.id}`,
    originalFileName: asset.fileName,
    thumbhash: null,
    fileCreatedAt: createdAt,
    fileModifiedAt: modifiedAt,
    localDateTime: createdAt,
    updatedAt: asset.createdAt,
    isFavorite,
    isArchived: asset.visibility === 'archive',
    isTrashed: asset.isTrashed,
    isOffline: false,
    isEdited: false,
    hasMetadata: true,
    visibility: asset.visibility,
    duration: dialect === 'v2' ? '0:00:00.00000' : null,
    livePhotoVideoId: asset.livePhotoVideoId,
    checksum: Buffer.from(asset.sha1, 'hex').toString('base64'),
    width: null,
    height: null,
    exifInfo: {
      fileSizeInByte: asset.sizeBytes,
      dateTimeOriginal: exif.dateTimeOriginal ?? createdAt,
      timeZone: null,
      description,
      rating,
      latitude,
      longitude,
    },
    tags,
    people: [],
  };
}
