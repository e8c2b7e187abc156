import { expect, it } from 'vitest';
import { ownerIn, processOwner } from '../../../../lib/gpu/nvidia/process-owner.js';
import { tempFolder } from '../../../support/world.js';

const HEX = '0123456789abcdef'.repeat(4);

it.each([
  ['a unit', '0::/system.slice/immich-machine-learning.service', 'immich-machine-learning'],
  [
    'a unit with a hyphen in its name',
    '0::/system.slice/system-my\\x2dunit.slice/my\\x2dunit@1.service',
    'my-unit@1',
  ],
  ['a part of a unit', '0::/system.slice/immich.service/worker', 'immich'],
  [
    "a user's unit",
    '0::/user.slice/user-1000.slice/user@1000.service/app.slice/jellyfin.service',
    'jellyfin',
  ],
  [
    "a user's window",
    '0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-mpv-12.scope',
    'app-mpv-12',
  ],
  ['a session', '0::/user.slice/user-1000.slice/session-2.scope', 'session-2'],
  ['Docker under systemd', `0::/system.slice/docker-${HEX}.scope`, 'docker 0123456789ab'],
  ['Docker without systemd', `0::/docker/${HEX}`, 'docker 0123456789ab'],
  ['Docker seen from a container', `0::/../docker-${HEX}.scope`, 'docker 0123456789ab'],
  ['Docker below its own unit', `0::/system.slice/docker.service/docker/${HEX}`, 'docker 0123456789ab'],
  ['Podman', `0::/machine.slice/libpod-${HEX}.scope/container`, 'podman 0123456789ab'],
  ['Podman in a unit', `0::/system.slice/immich-ml.service/libpod-payload-${HEX}`, 'immich-ml'],
  [
    'Kubernetes',
    `0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-${HEX}.scope`,
    'kubernetes 0123456789ab',
  ],
  ['LXC', '0::/lxc.payload.media/system.slice', 'media'],
  ['a machine of systemd', '0::/machine.slice/machine-media.scope/payload', 'media'],
  ['the old hierarchy', '12:memory:/\n1:name=systemd:/system.slice/jellyfin.service\n0::/', 'jellyfin'],
  ['the old hierarchy of Docker', `12:pids:/docker/${HEX}\n8:memory:/docker/${HEX}`, 'docker 0123456789ab'],
  ['nobody', '0::/', null],
  ['an empty file', '', null],
])('a process belongs to %s', (_, cgroup, owner) => {
  expect(ownerIn(`${cgroup}\n`)).toBe(owner);
});

it('a process that has ended belongs to nobody', async () => {
  expect(await processOwner(1, tempFolder())).toBeNull();
});
