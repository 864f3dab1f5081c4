#!/usr/bin/env bash
# deepfeat on Slurm without any connection between nodes: every task of an array computes its share, on its own.
#
#   sbatch --array=1-8 cluster/slurm-shards.sh           the networks, and what can be asked about each of them
#   sbatch --array=1-8 --dependency=afterany:JOB cluster/slurm-shards.sh
#                                                        those that methods train, once all networks are there
#   deepfeat run experiment.yml                          collects, and computes what is missing, anywhere
#
# The same array again goes on where an earlier one was stopped.
#SBATCH --job-name=deepfeat-shard
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=2
#SBATCH --mem-per-cpu=4G
#SBATCH --time=04:00:00
#SBATCH --signal=B:USR1@120

# ---- settings ---------------------------------------------------------------------------------------------------
EXPERIMENT=experiment.yml                # the experiment file
OUTPUT=ExpOutput                         # where results go; all nodes see it
OVERRIDES=()                             # settings that differ: (training.models=500)
DEEPFEAT=(deepfeat)                      # or (apptainer exec --bind "$PWD" deepfeat.sif deepfeat)
# -----------------------------------------------------------------------------------------------------------------

set -u  # before bash 4.4 an empty array counts as unset: ${NAME[@]+...} is for those
exec "${DEEPFEAT[@]}" run "$EXPERIMENT" ${OVERRIDES[@]+"${OVERRIDES[@]}"} --output "$OUTPUT" --shard
