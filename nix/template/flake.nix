{
  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
    immich-bridge.url = "github:immich-bridge/node-red-immich";
    immich-bridge.inputs.nixpkgs.follows = "nixpkgs";
  };

  outputs =
    { nixpkgs, immich-bridge, ... }:
    {
      nixosConfigurations.my-machine = nixpkgs.lib.nixosSystem {
        system = "x86_64-linux";
        modules = [
          ./configuration.nix
          immich-bridge.nixosModules.default
          ./immich-bridge.nix
        ];
      };
    };
}
