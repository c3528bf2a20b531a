// swift-tools-version: 6.2
// The benchmarks: a package of their own, so that they see what every user of the library sees.

import PackageDescription

/// As in the library's manifest: warnings are errors only where the Makefile and CI ask for it.
let strict = Context.environment["MARTLET_STRICT"] == "1"

let settings: [SwiftSetting] =
  [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
  ] + (strict ? [.treatAllWarnings(as: .error)] : [])

let package = Package(
  name: "Benchmarks",
  products: [.executable(name: "martlet-bench", targets: ["martlet-bench"])],
  dependencies: [.package(name: "Martlet", path: "../")],
  targets: [
    .executableTarget(
      name: "martlet-bench",
      dependencies: [
        .product(name: "Martlet", package: "Martlet"),
        .product(name: "MartletNN", package: "Martlet"),
      ],
      swiftSettings: settings)
  ],
  swiftLanguageModes: [.v6]
)
