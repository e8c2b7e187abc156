# The names of the options that a module declares, without nixpkgs: whatever is no option declaration is left away.
{ module }:
let
  anything = {
    __functor = _: _: anything;
  };
  type = {
    _type = "option-type";
    __functor = _: _: type;
  };
  mkOption = attrs: attrs // { _type = "option"; };
  lib = {
    inherit mkOption;
    mkEnableOption = _: mkOption { };
    literalExpression = text: text;
    literalMD = text: text;
    mkBefore = content: content;
    mkDefault = content: content;
    mkIf = _: _: { };
    optional = on: value: if on then [ value ] else [ ];
    optionalAttrs = on: attrs: if on then attrs else { };
    attrNames = builtins.attrNames;
    singleton = value: [ value ];
    types = builtins.listToAttrs (
      map (name: {
        inherit name;
        value = type;
      }) [
        "attrsOf"
        "bool"
        "coercedTo"
        "either"
        "enum"
        "float"
        "int"
        "listOf"
        "nullOr"
        "oneOf"
        "package"
        "path"
        "port"
        "str"
      ]
    ) // {
      ints = {
        positive = type;
        between = _: _: type;
      };
      numbers = {
        positive = type;
        nonnegative = type;
      };
    };
  };
  namesIn =
    prefix: attrs:
    builtins.concatMap (
      name:
      let
        value = attrs.${name};
        at = if prefix == "" then name else "${prefix}.${name}";
      in
      if value._type or "" == "option" then [ at ] else namesIn at value
    ) (builtins.attrNames attrs);
  declared = (import module {
    inherit lib;
    config = anything;
    pkgs = anything;
  }).options;
in
namesIn "" declared.services.node-red-immich
