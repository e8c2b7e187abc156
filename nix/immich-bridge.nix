# The program `immich-bridge`: Node-RED with the pack and its flow, as `npm start` runs it. Arguments are passed on.
{
  lib,
  runCommand,
  makeWrapper,
  nodejs,
  node-red,
  node-red-immich,
}:
runCommand "immich-bridge-${node-red-immich.version}"
  {
    nativeBuildInputs = [ makeWrapper ];
    passthru = { inherit node-red; };
    meta = node-red-immich.meta // {
      description = "Watches folders, uploads photos and videos to Immich and archives the originals";
      mainProgram = "immich-bridge";
    };
  }
  ''
    mkdir -p $out/lib
    # A copy: Node finds node-red beside the file that asks for it, and asks where that file really lies.
    cp -r ${node-red-immich.launcher}/lib/immich-bridge $out/lib/immich-bridge
    chmod -R u+w $out/lib/immich-bridge
    ln -s ${node-red}/lib/node_modules/node-red/packages/node_modules/node-red \
      $out/lib/immich-bridge/node_modules/node-red
    makeWrapper ${lib.getExe nodejs} $out/bin/immich-bridge \
      --add-flags $out/lib/immich-bridge/dist/bin/immich-bridge.js
  ''
