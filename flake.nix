{
  description = "Node-RED nodes that upload photos from folders to Immich, prove it and archive the originals";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixpkgs-unstable";

  outputs =
    { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;
      forSystems =
        make:
        lib.genAttrs [
          "x86_64-linux"
          "aarch64-linux"
          "aarch64-darwin"
        ] (system: make (nixpkgs.legacyPackages.${system}.extend self.overlays.default));
    in
    {
      overlays.default = import ./nix/overlay.nix;

      packages = forSystems (pkgs: {
        inherit (pkgs) node-red-immich immich-bridge;
        node-red = pkgs.node-red-with-packs { packs = [ pkgs.node-red-immich ]; };
        default = pkgs.node-red-immich;
      });

      apps = forSystems (pkgs: rec {
        immich-bridge = {
          type = "app";
          program = lib.getExe pkgs.immich-bridge;
          meta.description = "Upload photos from folders to Immich, on stand-ins when no Immich is named";
        };
        node-red = {
          type = "app";
          program = lib.getExe (pkgs.node-red-with-packs { packs = [ pkgs.node-red-immich ]; });
          meta.description = "Node-RED with the nodes for Immich, and no flow";
        };
        default = immich-bridge;
      });

      nixosModules.default = ./nix/nixos-module.nix;
      homeModules.default = ./nix/home-module.nix;
      # The name that older configurations look for.
      homeManagerModules = self.homeModules;

      checks = forSystems (
        pkgs:
        {
          inherit (pkgs) node-red-immich immich-bridge;
          launch = pkgs.callPackage ./nix/tests/launch.nix { };
        }
        // lib.optionalAttrs pkgs.stdenv.hostPlatform.isLinux {
          units = pkgs.callPackage ./nix/tests/units.nix {
            inherit (lib) nixosSystem;
            module = self.nixosModules.default;
          };
          machine = pkgs.callPackage ./nix/tests/machine.nix { module = self.nixosModules.default; };
        }
      );

      devShells = forSystems (pkgs: {
        default = pkgs.mkShell {
          packages = [
            pkgs.nodejs
            pkgs.mosquitto
          ];
        };
      });

      formatter = forSystems (pkgs: pkgs.nixfmt-tree);

      templates.default = {
        path = ./nix/template;
        description = "A NixOS machine that uploads photos from a folder to Immich";
      };
    };
}
