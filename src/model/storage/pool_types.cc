#include "model/storage/pool_types.h"

#include <algorithm>

namespace innkeeper::model {

namespace {

constexpr std::string_view fs_formats[] = {"auto", "ext2", "ext3", "ext4", "ufs", "iso9660", "udf",
                                           "gfs",  "gfs2", "vfat", "hfs+", "xfs", "ocfs2",   "vmfs"};
constexpr std::string_view netfs_formats[] = {"auto", "nfs", "glusterfs", "cifs"};
constexpr std::string_view disk_formats[] = {"unknown", "dos", "dvh", "gpt", "mac", "bsd", "pc98", "sun", "lvm2"};
constexpr std::string_view logical_formats[] = {"unknown", "lvm2"};

constexpr std::string_view image_formats[] = {"none", "raw", "dir",   "bochs", "cloop", "dmg",   "iso", "vpc", "vdi",
                                              "fat",  "vhd", "ploop", "cow",   "qcow",  "qcow2", "qed", "vmdk"};
constexpr std::string_view partition_formats[] = {"none",       "linux",     "fat16",      "fat32",
                                                  "linux-swap", "linux-lvm", "linux-raid", "extended"};

using Type = Pool::Type;
constexpr PoolType types[] = {
    {Type::dir, true, {}, {}, "raw", image_formats},
    {Type::fs, true, "auto", fs_formats, "raw", image_formats},
    {Type::netfs, true, "auto", netfs_formats, "raw", image_formats},
    {Type::logical, true, "lvm2", logical_formats},
    {Type::disk, true, "unknown", disk_formats, "none", partition_formats},
    {Type::iscsi, true},
    {Type::iscsi_direct, false},
    {Type::scsi, true},
    {Type::mpath, true},
    {Type::rbd, false, {}, {}, "raw"},
    {Type::sheepdog, false},
    {Type::gluster, false, {}, {}, "raw", image_formats},
    {Type::zfs, false},
    {Type::vstorage, false, {}, {}, "raw", image_formats},
};

}  // namespace

std::span<const PoolType> pool_types() { return types; }

const PoolType& pool_type(Pool::Type type) { return *std::ranges::find(types, type, &PoolType::type); }

}  // namespace innkeeper::model
