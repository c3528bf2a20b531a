// swift-tools-version: 6.2
// A package that depends on Martlet by its path, with the strictest import rule and no unsafe flag.

import PackageDescription

let package = Package(
  name: "consumer",
  dependencies: [.package(name: "Martlet", path: "../../..")],
  targets: [
    .executableTarget(
      name: "consumer",
      dependencies: [.product(name: "Martlet", package: "Martlet")],
      path: "Sources",
      swiftSettings: [.enableUpcomingFeature("MemberImportVisibility")])
  ],
  swiftLanguageModes: [.v6]
)
