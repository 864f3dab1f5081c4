#!/usr/bin/env bash
# deepfeat on PBS (OpenPBS, PBS Professional): one job runs the experiment, and the tasks of an array work for it.
# Fill in the settings below; then, from a directory that all nodes see:
#
#   qsub cluster/pbs.sh                                  the head: scheduler, experiment, and a worker of its own
#   qsub -J 1-8 cluster/pbs.sh                           eight workers
#
# Nothing is lost when a job ends early: submit it again, and it goes on.
#PBS -N deepfeat
#PBS -l select=1:ncpus=1:mem=4gb
#PBS -l walltime=04:00:00
#PBS -r y
#PBS -j oe

# ---- settings ---------------------------------------------------------------------------------------------------
EXPERIMENT=experiment.yml                # the experiment file
RUN=ExpOutput/breast_cancer              # where its results go: OUTPUT/<name of the experiment>
OVERRIDES=()                             # settings that differ: (training.models=500)
DEEPFEAT=(deepfeat)                      # or (apptainer exec --bind "$PWD" deepfeat.sif deepfeat)
HEAD_WORKERS=1                           # workers of the head itself, so that it can finish alone
WAIT=3600                                # seconds for workers to wait for the head, and for it to wait for them
LIFETIME=14100                           # seconds after which a worker leaves: less than the walltime above
TLS=()                                   # traffic in the clear, or (authority.pem certificate.pem key.pem)
# -----------------------------------------------------------------------------------------------------------------

set -u  # before bash 4.4 an empty array counts as unset: ${NAME[@]+...} is for those
cd "$PBS_O_WORKDIR" || exit 2
scheduler=$RUN/.deepfeat/scheduler.json

if [ -z "${PBS_ARRAY_INDEX:-}" ]; then
    command=("${DEEPFEAT[@]}" run "$EXPERIMENT" ${OVERRIDES[@]+"${OVERRIDES[@]}"}
        --output "$(dirname "$RUN")" --engine dask "engine.dask.listen=$(hostname)"
        "engine.dask.scheduler_file=$scheduler" "engine.dask.workers=$HEAD_WORKERS" "engine.dask.wait=$WAIT")
    if [ ${#TLS[@]} = 3 ]; then
        command+=("engine.dask.tls={ca: '${TLS[0]}', certificate: '${TLS[1]}', key: '${TLS[2]}'}")
    fi
else
    command=("${DEEPFEAT[@]}" worker --scheduler-file "$scheduler" --run "$RUN" --wait "$WAIT"
        --lifetime "$LIFETIME" --processes "${NCPUS:-1}")
    [ ${#TLS[@]} = 3 ] && command+=(--tls-ca "${TLS[0]}" --tls-certificate "${TLS[1]}" --tls-key "${TLS[2]}")
fi

# In place of this shell, so that a signal of PBS reaches it: it leaves within seconds, with 75 if there is more to do.
exec "${command[@]}"
