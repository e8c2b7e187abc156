final: _previous: {
  node-red-immich = final.callPackage ./package.nix { };
  immich-bridge = final.callPackage ./immich-bridge.nix { };
  node-red-with-packs = final.callPackage ./with-packs.nix { };
}
