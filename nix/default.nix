# Without flakes: `nix-build nix -A immich-bridge`.
{
  pkgs ? import <nixpkgs> { },
}:
let
  all = pkgs.extend (import ./overlay.nix);
in
{
  inherit (all) node-red-immich immich-bridge;
  node-red = all.node-red-with-packs { packs = [ all.node-red-immich ]; };
}
