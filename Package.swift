// swift-tools-version: 6.2
// The package: targets in the order data flows through them (Docs/Architecture.md).

import PackageDescription

/// Warnings are errors only where the Makefile and CI ask for it: a consumer must not break on a
/// warning that a later compiler invents.
let strict = Context.environment["MARTLET_STRICT"] == "1"

let settings: [SwiftSetting] =
  [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
  ] + (strict ? [.treatAllWarnings(as: .error)] : [])

let cSettings: [CSetting] = strict ? [.treatAllWarnings(as: .error)] : []

let package = Package(
  name: "Martlet",
  products: [
    .library(name: "Martlet", targets: ["Martlet"]),
    .library(name: "MartletNN", targets: ["MartletNN"]),
    .executable(name: "linreg", targets: ["linreg"]),
  ],
  targets: [
    .target(name: "CPlatform", cSettings: cSettings),
    .target(name: "CLibraries", cSettings: cSettings),
    .target(name: "CLLVM", dependencies: ["CLibraries"], cSettings: cSettings),
    .target(name: "COpenBLAS", dependencies: ["CLibraries"], cSettings: cSettings),
    .target(name: "MartletIR", swiftSettings: settings),
    .target(name: "MartletInterpreter", dependencies: ["MartletIR"], swiftSettings: settings),
    .target(name: "MartletFusion", dependencies: ["MartletIR"], swiftSettings: settings),
    .target(
      name: "MartletLowering", dependencies: ["MartletIR", "MartletFusion", "CLLVM"],
      swiftSettings: settings),
    .target(
      name: "MartletRuntime",
      dependencies: [
        "MartletIR", "MartletInterpreter", "MartletFusion", "MartletLowering", "CLLVM",
        "COpenBLAS", "CPlatform",
      ],
      swiftSettings: settings),
    .target(
      name: "Martlet", dependencies: ["MartletIR", "MartletRuntime"], swiftSettings: settings),
    .target(name: "MartletNN", dependencies: ["Martlet"], swiftSettings: settings),
    .executableTarget(
      name: "linreg", dependencies: ["Martlet"], path: "Sources/Examples/linreg",
      resources: [.embedInCode("birth_life_2010.tsv")], swiftSettings: settings),
    .target(
      name: "CBindingsCheck", dependencies: ["CLLVM", "COpenBLAS"], path: "Tests/CBindingsCheck",
      cSettings: cSettings),
    .testTarget(
      name: "CBindingsTests",
      dependencies: ["CBindingsCheck", "CLLVM", "COpenBLAS", "CPlatform"], swiftSettings: settings),
    .testTarget(
      name: "InterpreterTests", dependencies: ["MartletIR", "MartletInterpreter"],
      swiftSettings: settings),
    .testTarget(
      name: "FusionTests", dependencies: ["MartletIR", "MartletFusion"], swiftSettings: settings),
    .testTarget(
      name: "LoweringTests",
      dependencies: ["MartletIR", "MartletFusion", "MartletLowering", "CLLVM"],
      swiftSettings: settings),
    .testTarget(
      name: "RuntimeTests",
      dependencies: [
        "MartletIR", "MartletFusion", "MartletInterpreter", "MartletLowering", "MartletRuntime",
        "CPlatform", "COpenBLAS", "CampaignSupport",
      ], swiftSettings: settings),
    .testTarget(
      name: "MartletTests",
      dependencies: ["Martlet", "MartletIR", "MartletRuntime", "CPlatform"],
      swiftSettings: settings),
    .testTarget(
      name: "MartletNNTests", dependencies: ["Martlet", "MartletNN"], swiftSettings: settings),
    .target(
      name: "CampaignSupport", dependencies: ["MartletIR", "MartletRuntime"],
      path: "Tests/CampaignSupport", swiftSettings: settings),
    .testTarget(
      name: "EngineTests",
      dependencies: [
        "CampaignSupport", "MartletIR", "MartletFusion", "MartletLowering", "MartletRuntime",
      ], swiftSettings: settings),
    .testTarget(
      name: "FuzzTests",
      dependencies: ["CampaignSupport", "Martlet", "MartletIR", "MartletRuntime"],
      swiftSettings: settings),
    .testTarget(
      name: "AccuracyTests", dependencies: ["CampaignSupport", "MartletIR", "MartletRuntime"],
      swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6]
)
