// swift-tools-version: 6.2
// A program of many threads, for the thread sanitizer and for measurements of throughput.

import PackageDescription

let package = Package(
  name: "threads",
  dependencies: [.package(name: "Martlet", path: "../..")],
  targets: [
    .executableTarget(
      name: "threads",
      dependencies: [.product(name: "Martlet", package: "Martlet")],
      path: "Sources",
      swiftSettings: [.enableUpcomingFeature("MemberImportVisibility")])
  ],
  swiftLanguageModes: [.v6]
)
