// Multiples of 1/π, reduced: the tables of the reduction of huge arguments.

/// Printed by `python3 Scripts/fit_trig_erf.py reduction`.
enum PayneHanekTables {
  /// 2^(E - 23) / π modulo 2, in units of 2^(E - 23), to 29 bits, for E = 45, 46, ...
  static let inversePi32 = ScalarTable(
    "inverse_pi_32", .float64,
    [
      0x3e7b_7272_2000_0000, 0x3e7b_7272_2000_0000, 0xbe52_3637_7c00_0000, 0xbe52_3637_7e00_0000,
      0x3e4b_9391_0600_0000, 0xbe21_b1bb_ec00_0000, 0xbe21_b1bb_ea00_0000, 0x3e1c_9c88_2a00_0000,
      0xbdeb_1bbe_b000_0000, 0xbdeb_1bbe_ac00_0000, 0xbdeb_1bbe_ae00_0000, 0x3dc3_9105_4c00_0000,
      0x3dc3_9105_4a00_0000, 0xbdb8_ddf5_6c00_0000, 0x3d9c_882a_5400_0000, 0x3d9c_882a_5400_0000,
      0xbd6b_bead_6000_0000, 0xbd6b_bead_6000_0000, 0xbd6b_bead_6000_0000, 0x3d41_054a_8000_0000,
      0x3d41_054a_8000_0000, 0xbd3d_f56b_0200_0000, 0x3d00_54a7_f000_0000, 0x3d00_54a7_f000_0000,
      0x3d00_54a7_f000_0000, 0xbcff_56b0_1e00_0000, 0x3ca5_29fc_2000_0000, 0x3ca5_29fc_2000_0000,
      0x3ca5_29fc_2800_0000, 0x3ca5_29fc_2800_0000, 0x3ca5_29fc_2800_0000, 0xbc95_ac07_b200_0000,
      0x3c84_a7f0_9e00_0000, 0xbc76_b01e_c600_0000, 0x3c62_9fc2_7600_0000, 0xbc5a_c07b_1600_0000,
      0x3c34_fe13_ac00_0000, 0x3c34_fe13_ac00_0000, 0xbc26_03d8_a800_0000, 0x3c13_f84e_b000_0000,
      0xbc08_0f62_a000_0000, 0x3bef_c275_7c00_0000, 0x3bef_c275_7e00_0000, 0xbb7e_c541_8000_0000,
      0xbb7e_c541_8000_0000, 0xbb7e_c541_8000_0000, 0xbb7e_c541_7000_0000, 0xbb7e_c541_7000_0000,
      0xbb7e_c541_7000_0000, 0xbb7e_c541_7000_0000, 0x3b33_abe9_0000_0000, 0x3b33_abe8_f800_0000,
      0x3b33_abe8_fc00_0000, 0x3b33_abe8_fa00_0000, 0xbb28_a82e_0a00_0000, 0x3b0d_5f47_d400_0000,
      0x3b0d_5f47_d400_0000, 0xbad5_05c1_5800_0000, 0xbad5_05c1_5800_0000, 0xbad5_05c1_5a00_0000,
      0x3ac5_f47d_4e00_0000, 0xbab4_1705_6600_0000, 0x3aa7_d1f5_3400_0000, 0xba90_5c15_9600_0000,
      0x3a8f_47d4_d400_0000, 0xba37_0565_a000_0000, 0xba37_0565_9000_0000, 0xba37_0565_9000_0000,
      0xba37_0565_9000_0000, 0xba37_0565_9200_0000, 0x3a21_f534_de00_0000, 0xba1c_1596_4400_0000,
      0x39ef_534d_e000_0000, 0x39ef_534d_dc00_0000, 0x39ef_534d_dc00_0000, 0xb995_9644_8000_0000,
      0xb995_9644_8000_0000, 0xb995_9644_8000_0000, 0xb995_9644_8000_0000, 0xb995_9644_7e00_0000,
      0x3984_d377_0400_0000, 0xb976_5911_fa00_0000, 0x3963_4ddc_0e00_0000, 0x3ff0_0000_0000_0000,
    ])

  /// What `inversePi32` lacks, to 53 bits.
  static let inversePi32Low = ScalarTable(
    "inverse_pi_32_low", .float64,
    [
      0x3ca5_29fc_2757_d1f5, 0x3ca5_29fc_2757_d1f5, 0xbc95_ac07_b150_5c16, 0x3c84_a7f0_9d5f_47d5,
      0xbc76_b01e_c541_7056, 0x3c62_9fc2_757d_1f53, 0xbc5a_c07b_1505_c159, 0x3c34_fe13_abe8_fa9a,
      0x3c34_fe13_abe8_fa9a, 0xbc26_03d8_a82e_0acb, 0x3c13_f84e_afa3_ea6a, 0xbc08_0f62_a0b8_2b2d,
      0x3bef_c275_7d1f_534e, 0x3bef_c275_7d1f_534e, 0xbb7e_c541_7056_5912, 0xbb7e_c541_7056_5912,
      0xbb7e_c541_7056_5912, 0xbb7e_c541_7056_5912, 0xbb7e_c541_7056_5912, 0xbb7e_c541_7056_5912,
      0xbb7e_c541_7056_5912, 0x3b33_abe8_fa9a_6ee0, 0x3b33_abe8_fa9a_6ee0, 0x3b33_abe8_fa9a_6ee0,
      0x3b33_abe8_fa9a_6ee0, 0xbb28_a82e_0acb_223f, 0x3b0d_5f47_d4d3_7703, 0x3b0d_5f47_d4d3_7703,
      0xbad5_05c1_5964_47e5, 0xbad5_05c1_5964_47e5, 0xbad5_05c1_5964_47e5, 0x3ac5_f47d_4d37_7037,
      0xbab4_1705_6591_1f92, 0x3aa7_d1f5_34dd_c0db, 0xba90_5c15_9644_7e49, 0x3a8f_47d4_d377_036e,
      0xba37_0565_911f_924f, 0xba37_0565_911f_924f, 0xba37_0565_911f_924f, 0xba37_0565_911f_924f,
      0xba37_0565_911f_924f, 0x3a21_f534_ddc0_db63, 0xba1c_1596_447e_493b, 0x39ef_534d_dc0d_b629,
      0x39ef_534d_dc0d_b629, 0x39ef_534d_dc0d_b629, 0xb995_9644_7e49_3ad5, 0xb995_9644_7e49_3ad5,
      0xb995_9644_7e49_3ad5, 0xb995_9644_7e49_3ad5, 0xb995_9644_7e49_3ad5, 0x3984_d377_036d_8a56,
      0xb976_5911_f924_eb53, 0x3963_4ddc_0db6_295a, 0xb959_6447_e493_ad4d, 0x393a_6ee0_6db1_4acd,
      0x393a_6ee0_6db1_4acd, 0xb916_447e_493a_d4ce, 0xb916_447e_493a_d4ce, 0x3903_7703_6d8a_5665,
      0xb8f9_11f9_24eb_5336, 0x38db_b81b_6c52_b328, 0x38db_b81b_6c52_b328, 0xb8b1_1f92_4eb5_3362,
      0xb8b1_1f92_4eb5_3362, 0x38ad_c0db_6295_993c, 0xb871_f924_eb53_361e, 0xb871_f924_eb53_361e,
      0xb871_f924_eb53_361e, 0x386c_0db6_2959_93c4, 0xb83f_924e_b533_61de, 0xb83f_924e_b533_61de,
      0xb83f_924e_b533_61de, 0x37db_6c52_b327_8872, 0x37db_6c52_b327_8872, 0x37db_6c52_b327_8872,
      0x37db_6c52_b327_8872, 0x37db_6c52_b327_8872, 0x37db_6c52_b327_8872, 0xb7b2_4eb5_3361_de38,
      0xb7b2_4eb5_3361_de38, 0x37ab_6295_993c_4390, 0xb782_75a9_9b0e_f1bf, 0x0000_0000_0000_0000,
    ])

  /// 2^(32 j - 52) 2/π modulo 4 for j = 0, 1, ...: multiples of 2^-50.
  static let twoOverPi0 = ScalarTable(
    "two_over_pi_0", .float64,
    [
      0x0000_0000_0000_0000, 0x3ea4_5f30_6e00_0000, 0xbfd9_f246_c6ef_ab60, 0x3fd0_54a7_f09d_5f40,
      0xbff8_a82e_0acb_2240, 0xbfe6_447e_493a_d4d0, 0xbffd_6a66_c3bc_6fc0, 0x3fcc_820f_f28b_1d60,
      0x3ff1_63ab_debb_c560, 0xbfd0_ea79_236e_4710, 0xbffb_91c5_bdb2_2d20, 0x3feb_a5c0_0c92_5dd8,
      0x3fe2_5dd4_13a3_2438, 0x3ff1_921c_fe1d_eb1c, 0x3ffd_eb1c_b129_a740, 0xbff6_58c1_177d_ca0c,
      0x3fc1_afa9_75da_2420, 0xbfd2_edec_598e_3f60, 0x3ffc_7026_b45f_7e40, 0x3fff_7e41_3991_d638,
      0x3ff1_d639_8353_39f4, 0x3ff3_39f4_9c84_5f8c, 0x3fd1_7e2e_f7e4_a0f0, 0xbfdb_5f13_801d_a000,
      0xbfdd_a000_87e9_9fc0, 0x3fd6_603f_bcbc_4630, 0xbff0_ee74_a5f5_92e0, 0x3fe4_da3e_da6c_fda0,
      0xbfe3_0261_b069_ec90, 0x3fe6_136e_9e8c_7ed0, 0x3fd8_fd9a_797f_a8b0, 0x3fff_ea2d_7527_bac8,
      0xbff8_4538_141a_0e84,
    ])

  /// 2^(32 j - 52) 2/π modulo 4 for j = 0, 1, ...: the next, multiples of 2^-103.
  static let twoOverPi1 = ScalarTable(
    "two_over_pi_1", .float64,
    [
      0x3ca4_5f30_6dc9_c884, 0xbcbb_1bbe_ad60_3d8a, 0x3cbf_c275_7d1f_534e, 0x3cbf_534d_dc0d_b62a,
      0x3cab_6c52_b327_8874, 0x3cb3_c439_041f_e516, 0x3cbf_e516_3abd_ebbc, 0xbc80_a21d_4f24_6dd0,
      0x3cbb_7246_e3a4_24de, 0xbcbb_db22_d1ff_9b6e, 0x3c59_24bb_a827_4680, 0xbcbf_62e6_de30_1e22,
      0x3caf_c3bd_6396_2534, 0x3ca6_2534_e7dd_1048, 0xbcb1_77dc_a0ad_144c, 0x3cb2_ebb4_484e_99c8,
      0x3cad_338e_04d6_8bf0, 0xbcb4_ba08_1bec_66e2, 0x3cb3_991d_6398_3534, 0x3cb8_3533_9f49_c846,
      0x3ca3_908b_f177_bf24, 0xbc90_81b5_f138_01d8, 0xbcac_00ed_0004_3f4c, 0xbc80_fd33_f808_6870,
      0xbc70_d0ee_74a5_f5a0, 0xbca4_beb2_5c12_5930, 0xbca2_5930_261b_06a0, 0xbcab_069e_c916_1738,
      0xbca6_1738_132c_3404, 0xbcb6_1a01_5d28_ad84, 0x3cb7_527b_ac7e_be60, 0xbc74_1a0e_84c2_f8c0,
      0xbca8_5f18_c10e_b5ac,
    ])

  /// 2^(32 j - 52) 2/π modulo 4 for j = 0, 1, ...: the next, multiples of 2^-156.
  static let twoOverPi2 = ScalarTable(
    "two_over_pi_2", .float64,
    [
      0xb965_ac07_b150_5c16, 0xb960_5c15_9644_7e4a, 0xb941_f924_eb53_3620, 0xb964_cd87_78df_7c04,
      0xb96f_7c03_5d38_a842, 0x394d_5ef5_de2b_0db8, 0x3955_86dc_91b8_e908, 0x396c_7484_9ba5_c00c,
      0xb96a_3ff3_6da2_2bec, 0x396d_d413_a324_39fc, 0xb96b_c603_c429_c69e, 0x3966_3962_534e_7dd2,
      0x395c_fba2_08d7_d4bc, 0xb964_15a2_8976_f62c, 0x3952_13a6_71c0_9ad0, 0xb96f_b297_4103_7d8c,
      0xb93b_ec66_e29c_67d0, 0xb963_8cf9_598c_16c6, 0xb958_2d8d_ee81_d108, 0xb91d_1081_b5f1_3800,
      0x3960_763f_f12f_ffbc, 0xb960_0043_f4cf_e022, 0xb95f_c043_43b9_d298, 0xb96c_e94b_eb25_c126,
      0x396a_3eda_6cfd_9e50, 0xb933_0d83_4f64_8b10, 0x3963_6e9e_8c7e_cd3c, 0xb923_2c34_02ba_5160,
      0x3964_5aea_4f75_8fd8, 0xb954_e050_683a_130c, 0xb96d_0985_f18c_10ec, 0xb958_21d6_b5b4_5650,
      0xb96a_2b28_0940_9dc0,
    ])

  /// 2^(32 j - 52) 2/π modulo 4 for j = 0, 1, ...: the rest, to 53 bits.
  static let twoOverPi3 = ScalarTable(
    "two_over_pi_3", .float64,
    [
      0x360a_6ee0_6db1_4acd, 0x3618_a566_4f10_e410, 0x3610_e410_7f94_58eb, 0x3614_58ea_f7ae_f158,
      0xb611_0ea7_9236_e471, 0x3602_371d_2126_e970, 0x3613_74b8_0192_4bbb, 0x3612_4bba_8274_6487,
      0xb607_36f1_80f1_0a72, 0x35fd_eb1c_b129_a73f, 0x3604_d39f_7441_1afb, 0xb61f_7282_b451_2edf,
      0xb611_2ede_c598_e3f6, 0xb618_e3f6_52e8_2070, 0x3617_df90_4e64_758e, 0xb61b_8a71_9f2b_3183,
      0x3614_ce7d_2721_17e3, 0xb61e_e81d_1081_b5f1, 0xb5db_5f13_801d_a001, 0xb5dd_a000_87e9_9fc0,
      0x35d6_603f_bcbc_462d, 0x3607_88c5_ad05_3690, 0x35e4_da3e_da6c_fd9e, 0x360b_3f67_93e5_84dc,
      0xb60a_7b24_585c_e04d, 0x3611_8fd9_a797_fa8b, 0x3617_fa8b_5d49_eeb2, 0x3603_dd63_f5f2_f8be,
      0xb5fa_0e84_c2f8_c608, 0x35dc_e7de_294a_4baa, 0x3614_a4ba_9afe_d7ec, 0xb5d2_813b_81ca_8bdf,
      0xb61c_a8bd_ea7f_33ee,
    ])
}
