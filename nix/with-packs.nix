# node-red with packs preloaded, wherever it is started: `node-red-with-packs { packs = [ node-red-immich ]; }`.
{
  lib,
  symlinkJoin,
  makeWrapper,
  node-red,
}:
{ packs }:
let
  nodes = symlinkJoin {
    name = "node-red-packs";
    paths = packs;
  };
in
symlinkJoin {
  name = "node-red-with-packs-${lib.getVersion node-red}";
  paths = [ node-red ];
  nativeBuildInputs = [ makeWrapper ];
  # Behind the user's arguments, so that `node-red admin …` keeps its first one.
  postBuild = ''
    wrapProgram $out/bin/node-red --append-flags "-D nodesDir=${nodes}/lib"
  '';
  passthru = { inherit nodes; };
  meta = (node-red.meta or { }) // {
    mainProgram = "node-red";
  };
}
